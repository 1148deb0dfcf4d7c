package org.fednano.spark;

import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmInfo;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** A real LLM that tests put something in front of: passes every call on. */
public class FakePassingLlm implements FrozenLlm {

    private final FrozenLlm llm;

    protected FakePassingLlm(FrozenLlm llm) {
        this.llm = llm;
    }

    @Override
    public LlmInfo info() {
        return llm.info();
    }

    @Override
    public float[] embed(int[] ids) {
        return llm.embed(ids);
    }

    @Override
    public Result loss(PromptBatch prompts, TokenBatch answers) {
        return llm.loss(prompts, answers);
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        return llm.lossGradient(prompts, answers, gradScale);
    }

    @Override
    public Scores score(PromptBatch prompts, int[][][] choices) {
        return llm.score(prompts, choices);
    }

    @Override
    public int[][] generate(PromptBatch prompts, int maxNew) {
        return llm.generate(prompts, maxNew);
    }

    @Override
    public void close() {
        llm.close();
    }
}
