package org.fednano.gateway;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.fednano.algorithm.Wire;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.PromptLoss;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/** Answers zeros, a gradient call only when let; notes what it was asked. */
final class FakeSlowLlm implements FrozenLlm {

    static final int HIDDEN = 4;

    final Semaphore let = new Semaphore(0);
    final List<PromptLoss> asked = new CopyOnWriteArrayList<>();
    final AtomicInteger most = new AtomicInteger();
    /** What gradient calls throw; null: nothing. */
    volatile RuntimeException refuses;

    /** How it wants prompts. */
    Wire wire = Wire.EMBEDDINGS;

    private final AtomicInteger running = new AtomicInteger();

    @Override
    public LlmInfo info() {
        return new LlmInfo(
                "fake",
                "f",
                HIDDEN,
                8,
                1,
                "FP32",
                new LlmInfo.Limits(1000, 1 << 20),
                new LlmInfo.Probe(new int[] {1}, new int[] {2}, 1f));
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        if (refuses != null) {
            throw refuses;
        }
        asked.add(new PromptLoss(prompts, answers, gradScale));
        most.accumulateAndGet(running.incrementAndGet(), Math::max);
        let.acquireUninterruptibly();
        running.decrementAndGet();
        return new Result(new float[prompts.size()], new int[prompts.size()], new float[prompts.embeds().length]);
    }

    @Override
    public Wire wire() {
        return wire;
    }

    @Override
    public float[] embed(int[] ids) {
        return new float[ids.length * HIDDEN];
    }

    @Override
    public Result loss(PromptBatch prompts, TokenBatch answers) {
        return new Result(new float[prompts.size()], new int[prompts.size()], new float[0]);
    }

    @Override
    public Scores score(PromptBatch prompts, int[][][] choices) {
        return new Scores(new double[prompts.size()][1], new int[prompts.size()][1]);
    }

    @Override
    public int[][] generate(PromptBatch prompts, int maxNew) {
        return new int[prompts.size()][maxNew];
    }

    @Override
    public void close() {}
}
