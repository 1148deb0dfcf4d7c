package org.fednano.gateway;

import io.grpc.Context;
import java.util.List;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.algorithm.Wire;
import org.fednano.llm.CodedLoss;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.Reason;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Features;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;

/**
 * The driver's end of one client's way to the frozen LLM, from the start of its task to its end. Each call is refused
 * with {@link RoundClosedException} once the client's deadline has passed or its round is over, also while it waits;
 * a call that waits for a caller who has gone ends too.
 */
final class GatewaySession implements FrozenLlm {

    private final Pipeline pipeline;
    private final String clientId;
    private final int round;
    private final ClientAccount meter;
    private final int attempt;
    private final long openedAt;
    private final long limitNanos;

    /**
     * @param limitNanos time that an attempt has
     */
    GatewaySession(Pipeline pipeline, GatewayHeaders who, ClientAccount meter, long limitNanos) {
        this.pipeline = pipeline;
        this.clientId = who.clientId();
        this.round = who.round();
        this.attempt = who.attempt();
        this.meter = meter;
        this.openedAt = meter.now();
        this.limitNanos = limitNanos;
    }

    long openedAt() {
        return openedAt;
    }

    @Override
    public LlmInfo info() {
        checkOpen();
        return pipeline.info();
    }

    @Override
    public float[] embed(int[] ids) {
        return call(new LlmCall.Embed(ids));
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        // 0 stands for "no gradient" in PromptLoss; whoever asks for one must not get none.
        LlmException.require(gradScale > 0, Reason.BAD_REQUEST, "grad_scale", "a power of two", gradScale);
        return call(new PromptLoss(prompts, answers, gradScale));
    }

    @Override
    public Result loss(PromptBatch prompts, TokenBatch answers) {
        return call(new PromptLoss(prompts, answers));
    }

    @Override
    public Scores score(PromptBatch prompts, int[][][] choices) {
        return call(new LlmCall.Score(prompts, choices));
    }

    @Override
    public int[][] generate(PromptBatch prompts, int maxNew) {
        return call(new LlmCall.Generate(prompts, maxNew));
    }

    @Override
    public Wire wire() {
        return pipeline.wire();
    }

    @Override
    public CodedResult lossGradient(CodedPrompts prompts, TokenBatch answers, float gradScale, Wanted wanted) {
        LlmException.require(gradScale > 0, Reason.BAD_REQUEST, "grad_scale", "a power of two", gradScale);
        return call(new CodedLoss(prompts, answers, gradScale, wanted));
    }

    @Override
    public CodedResult loss(CodedPrompts prompts, TokenBatch answers) {
        return call(new CodedLoss(prompts, answers));
    }

    @Override
    public Scores score(CodedPrompts prompts, int[][][] choices) {
        return call(new LlmCall.Score(prompts, choices));
    }

    @Override
    public int[][] generate(CodedPrompts prompts, int maxNew) {
        return call(new LlmCall.Generate(prompts, maxNew));
    }

    private <R> R call(LlmCall<R> call) {
        checkOpen();
        long before = meter.now();
        List<Features> features =
                call.coded() == null ? List.of() : call.coded().features();
        pipeline.owners().enter(features, meter);
        meter.enter();
        try {
            Context caller = Context.current(); // cancelled when a caller on the network has gone
            PendingCall<R> ticket = new PendingCall<>(call, () -> {
                checkOpen();
                if (caller.isCancelled()) {
                    throw new IllegalStateException("The caller has gone");
                }
            });
            R answer = pipeline.answer(ticket);
            double seconds = (meter.now() - before) / 1e9;
            meter.add(Traffic.of(call, answer).in(seconds, ticket.waitSeconds()));
            return answer;
        } finally {
            meter.exit();
            pipeline.owners().exit(features);
            pipeline.changed();
        }
    }

    private void checkOpen() {
        if (meter.isClosed()) {
            throw new RoundClosedException("Round " + round + " is over (client " + clientId + ").");
        }
        long ran = meter.now() - meter.startedAt(attempt);
        if (ran > limitNanos) {
            throw new RoundClosedException("Client " + clientId + " ran " + ran / 1_000_000 + " ms in round " + round
                    + ", past its deadline of " + limitNanos / 1_000_000 + " ms (gateway.client_deadline).");
        }
    }

    /** The client is done; the gateway and its LLM stay. */
    @Override
    public void close() {
        meter.leave();
        pipeline.changed();
    }
}
