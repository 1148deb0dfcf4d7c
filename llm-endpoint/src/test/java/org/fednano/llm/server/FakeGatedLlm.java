package org.fednano.llm.server;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmInfo;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** A real LLM behind a gate: each call waits for a permit, so that a test decides when it is computed. */
final class FakeGatedLlm implements FrozenLlm {

    final Semaphore gate = new Semaphore(0);
    final AtomicInteger begun = new AtomicInteger();
    private final FrozenLlm llm;

    FakeGatedLlm(FrozenLlm llm) {
        this.llm = llm;
    }

    private FrozenLlm pass() {
        begun.incrementAndGet();
        gate.acquireUninterruptibly();
        return llm;
    }

    @Override
    public LlmInfo info() {
        return llm.info();
    }

    @Override
    public float[] embed(int[] ids) {
        return pass().embed(ids);
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        return pass().lossGradient(prompts, answers, gradScale);
    }

    @Override
    public Result loss(PromptBatch prompts, TokenBatch answers) {
        return pass().loss(prompts, answers);
    }

    @Override
    public Scores score(PromptBatch prompts, int[][][] choices) {
        return pass().score(prompts, choices);
    }

    @Override
    public int[][] generate(PromptBatch prompts, int maxNew) {
        return pass().generate(prompts, maxNew);
    }

    @Override
    public void close() {
        llm.close();
    }
}
