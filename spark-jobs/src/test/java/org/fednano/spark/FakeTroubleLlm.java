package org.fednano.spark;

import java.util.concurrent.atomic.AtomicInteger;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmInfo;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** A real LLM with trouble before some gradient calls. */
final class FakeTroubleLlm implements FrozenLlm {

    /** What happens before the n-th gradient call, from 1. */
    interface Trouble {
        void before(int call);
    }

    private final FrozenLlm llm;
    private final Trouble trouble;
    private final AtomicInteger calls = new AtomicInteger();

    FakeTroubleLlm(FrozenLlm llm, Trouble trouble) {
        this.llm = llm;
        this.trouble = trouble;
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        trouble.before(calls.incrementAndGet());
        return llm.lossGradient(prompts, answers, gradScale);
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
