package org.fednano.gateway;

import java.util.function.Supplier;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmInfo;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/**
 * One client's way to the frozen LLM, from the start of its task to its end. Each call is refused with
 * {@link RoundClosedException} once the client's deadline has passed or its round is over. For one thread.
 */
public final class GatewaySession implements FrozenLlm {

    private final FrozenLlm llm;
    private final String clientId;
    private final int round;
    private final Meter meter;
    private final long startNanos;
    private final long limitNanos;

    GatewaySession(FrozenLlm llm, String clientId, int round, Meter meter, long startNanos, long limitNanos) {
        this.llm = llm;
        this.clientId = clientId;
        this.round = round;
        this.meter = meter;
        this.startNanos = startNanos;
        this.limitNanos = limitNanos;
    }

    @Override
    public LlmInfo info() {
        checkOpen();
        return llm.info();
    }

    @Override
    public float[] embed(int[] ids) {
        return call(4L * ids.length, 0, () -> llm.embed(ids), rows -> new long[] {0, 4L * rows.length});
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        long down = 4L * tokens(prompts) * prompts.hidden() + 8L * prompts.size();
        return call(
                bytes(prompts) + bytes(answers),
                prompts.size(),
                () -> llm.lossGradient(prompts, answers, gradScale),
                result -> new long[] {down, 0});
    }

    @Override
    public Result loss(PromptBatch prompts, TokenBatch answers) {
        return call(bytes(prompts) + bytes(answers), prompts.size(), () -> llm.loss(prompts, answers), result ->
                new long[] {8L * prompts.size(), 0});
    }

    @Override
    public Scores score(PromptBatch prompts, int[][][] choices) {
        long ids = 0;
        long count = 0;
        for (int[][] sample : choices) {
            for (int[] choice : sample) {
                ids += choice.length;
                count++;
            }
        }
        long down = 12 * count;
        return call(bytes(prompts) + 4 * ids, prompts.size(), () -> llm.score(prompts, choices), scores ->
                new long[] {down, 0});
    }

    @Override
    public int[][] generate(PromptBatch prompts, int maxNew) {
        return call(bytes(prompts), prompts.size(), () -> llm.generate(prompts, maxNew), tokens -> {
            long ids = 0;
            for (int[] sample : tokens) {
                ids += sample.length;
            }
            return new long[] {4 * ids, 0};
        });
    }

    /** Ends the session; the gateway and its LLM stay. */
    @Override
    public void close() {
        // Nothing is held per session: its meter lives until the round ends.
    }

    private interface Downlink<T> {
        /** {gradient, embedding} bytes. */
        long[] of(T result);
    }

    private <T> T call(long up, int samples, Supplier<T> operation, Downlink<T> downlink) {
        checkOpen();
        long before = meter.now();
        T result = operation.get();
        long[] down = downlink.of(result);
        meter.add(new Traffic(up, down[0], down[1], samples, (meter.now() - before) / 1e9));
        return result;
    }

    private void checkOpen() {
        if (meter.isClosed()) {
            throw new RoundClosedException("Round " + round + " is over (client " + clientId + ").");
        }
        long ran = meter.now() - startNanos;
        if (ran > limitNanos) {
            throw new RoundClosedException("Client " + clientId + " ran " + ran / 1_000_000 + " ms in round " + round
                    + ", past its deadline of " + limitNanos / 1_000_000 + " ms (gateway.client_deadline).");
        }
    }

    private static long tokens(PromptBatch prompts) {
        long tokens = 0;
        for (int length : prompts.lengths()) {
            tokens += length;
        }
        return tokens;
    }

    private static long bytes(PromptBatch prompts) {
        return 4L * tokens(prompts) * prompts.hidden();
    }

    private static long bytes(TokenBatch answers) {
        long ids = 0;
        for (int id : answers.ids()) {
            ids += id == TokenBatch.PAD ? 0 : 1;
        }
        return 4 * ids;
    }
}
