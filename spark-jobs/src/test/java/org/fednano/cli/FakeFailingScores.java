package org.fednano.cli;

import java.util.concurrent.atomic.AtomicInteger;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** A real LLM that can be told to answer gradients only, as if it went away when a round's evaluation begins. */
final class FakeFailingScores implements FrozenLlm {

    private final FrozenLlm llm;

    final AtomicInteger scores = new AtomicInteger();

    volatile boolean failing;

    /** Calls for scores, from the first one, that are answered all the same. */
    volatile int failAfter;

    FakeFailingScores(FrozenLlm llm) {
        this.llm = llm;
    }

    @Override
    public Scores score(PromptBatch prompts, int[][][] choices) {
        if (scores.incrementAndGet() > failAfter && failing) {
            throw new LlmException(Reason.NOT_READY, "told to fail");
        }
        return llm.score(prompts, choices);
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
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
    public int[][] generate(PromptBatch prompts, int maxNew) {
        return llm.generate(prompts, maxNew);
    }

    @Override
    public void close() {
        llm.close();
    }
}
