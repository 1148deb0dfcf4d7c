package org.fednano.llm.client;

import java.util.function.Consumer;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.algorithm.Wire;
import org.fednano.llm.CodedLoss;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.Reason;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Features;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.JobException;

/**
 * The frozen LLM behind one or several endpoints. It cuts calls to the endpoints' limits, asks the least loaded endpoint,
 * and does with each failure what the contract says:
 *
 * <ul>
 *   <li>busy, starting or gone: the endpoint rests, one second at first, then twice as long each time, while others take
 *       its work; {@link JobException} with status 5 when all of them stayed away for all tries;
 *   <li>too large: the batch is halved, down to one sample;
 *   <li>the call is wrong: {@link LlmException};
 *   <li>the run cannot go on (no access, another model, another contract): {@link JobException} with status 2 or 3;
 *   <li>the round is over: {@link org.fednano.algorithm.RoundClosedException}.
 * </ul>
 *
 * <p>For many threads. An interrupted call ends with an IllegalStateException, the thread's interrupt kept.
 */
public final class OipLlm implements FrozenLlm {

    /**
     * What the calls so far took, beyond the answers.
     *
     * @param requests sent, of all kinds but the handshake's
     * @param retries of them, sent because another one failed
     * @param splits calls that were halved
     * @param awaySeconds that callers waited because every endpoint rested
     * @param queuedSeconds that callers waited for a free place at an endpoint
     * @param featureBytes of features that were sent, those sent again counted again
     * @param featureMisses calls whose features the endpoint had let go, or had lost
     */
    public record Counters(
            long requests,
            long retries,
            long splits,
            double awaySeconds,
            double queuedSeconds,
            long featureBytes,
            long featureMisses) {}

    private final EndpointPool pool;

    private OipLlm(EndpointPool pool) {
        this.pool = pool;
    }

    /**
     * Connects and shakes hands. Endpoints that do not answer are left for later, as long as one does.
     *
     * @throws JobException status 2: an address, file or token is wrong, or the endpoint has no such model or another
     *     contract; 3: another model than expected, endpoints that disagree, or numbers that are wrong; 5: none answered
     *     within all tries
     */
    public static OipLlm connect(OipOptions options) {
        return connect(options, WaitingClock.SYSTEM);
    }

    /**
     * The same over a connection that all clients made so in this JVM share, as long as address, TLS and largest message
     * are the same: for many short-lived clients. Token and headers stay each client's own. A close leaves the connection
     * to the others.
     */
    public static OipLlm connectShared(OipOptions options) {
        return new OipLlm(EndpointPool.open(options, WaitingClock.SYSTEM, true));
    }

    /** As {@link #connect(OipOptions)} with another clock, for tests. */
    static OipLlm connect(OipOptions options, WaitingClock waiting) {
        return new OipLlm(EndpointPool.open(options, waiting, false));
    }

    @Override
    public LlmInfo info() {
        return pool.info();
    }

    /** D: what embeddings travel as. */
    public WireType wireType() {
        return pool.type();
    }

    /** What the calls so far took. */
    public Counters counters() {
        return pool.counters();
    }

    @Override
    public float[] embed(int[] ids) {
        return ids.length == 0 ? new float[0] : pool.call(new LlmCall.Embed(ids));
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        // 0 stands for "no gradient" in PromptLoss; whoever asks for one must not get none.
        LlmException.require(gradScale > 0, Reason.BAD_REQUEST, "grad_scale", "a power of two", gradScale);
        return pool.call(new PromptLoss(prompts, answers, gradScale));
    }

    @Override
    public Result loss(PromptBatch prompts, TokenBatch answers) {
        return pool.call(new PromptLoss(prompts, answers));
    }

    @Override
    public Scores score(PromptBatch prompts, int[][][] choices) {
        return pool.call(new LlmCall.Score(prompts, choices));
    }

    @Override
    public int[][] generate(PromptBatch prompts, int maxNew) {
        return maxNew == 0 ? new int[prompts.size()][0] : pool.call(new LlmCall.Generate(prompts, maxNew));
    }

    @Override
    public Wire wire() {
        return pool.wire();
    }

    @Override
    public void onFeaturesSent(Consumer<Features> told) {
        pool.onFeaturesSent(told);
    }

    @Override
    public CodedResult lossGradient(CodedPrompts prompts, TokenBatch answers, float gradScale, Wanted wanted) {
        LlmException.require(gradScale > 0, Reason.BAD_REQUEST, "grad_scale", "a power of two", gradScale);
        return pool.call(new CodedLoss(prompts, answers, gradScale, wanted));
    }

    @Override
    public CodedResult loss(CodedPrompts prompts, TokenBatch answers) {
        return pool.call(new CodedLoss(prompts, answers));
    }

    @Override
    public Scores score(CodedPrompts prompts, int[][][] choices) {
        return pool.call(new LlmCall.Score(prompts, choices));
    }

    @Override
    public int[][] generate(CodedPrompts prompts, int maxNew) {
        return maxNew == 0 ? new int[prompts.size()][0] : pool.call(new LlmCall.Generate(prompts, maxNew));
    }

    /** Any call; what the operations above are made of. */
    public <R> R call(LlmCall<R> call) {
        return pool.call(call);
    }

    @Override
    public void close() {
        pool.close();
    }
}
