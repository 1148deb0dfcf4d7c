package org.fednano.gateway;

import org.fednano.llm.LlmCall;

/**
 * What one client moved through the gateway, both directions in bytes of float32 and int32 payload, padding not
 * counted.
 *
 * @param uplinkActivationBytes prompt embeddings, or codes and W_up, answer and choice ids
 * @param uplinkCodeBytes the part of it that calls with codes were
 * @param uplinkFeatureBytes features of its calls that the endpoint was sent because it did not hold them
 * @param downlinkGradientBytes gradients and losses
 * @param downlinkEmbeddingBytes rows of the embedding table
 * @param samples samples sent with prompts
 * @param seconds wall time inside the gateway's calls, waiting included
 * @param waitSeconds the part of it spent waiting for room, for its turn or for other clients' calls
 */
public record Traffic(
        long uplinkActivationBytes,
        long uplinkCodeBytes,
        long uplinkFeatureBytes,
        long downlinkGradientBytes,
        long downlinkEmbeddingBytes,
        long samples,
        double seconds,
        double waitSeconds) {

    /** Nothing moved. */
    public static final Traffic NONE = new Traffic(0, 0, 0, 0, 0, 0, 0, 0);

    /** What a call and its answer moved; it took no time yet. */
    static <R> Traffic of(LlmCall<R> call, R answer) {
        boolean rows = call instanceof LlmCall.Embed;
        long up = call.upBytes();
        long down = call.downBytes(answer);
        return new Traffic(
                up,
                call.coded() == null ? 0 : up,
                0,
                rows ? 0 : down,
                rows ? down : 0,
                rows ? 0 : call.samples(),
                0,
                0);
    }

    static Traffic ofFeatures(long bytes) {
        return new Traffic(0, 0, bytes, 0, 0, 0, 0, 0);
    }

    /** The same, but for how long it took. */
    Traffic in(double took, double waited) {
        return new Traffic(
                uplinkActivationBytes,
                uplinkCodeBytes,
                uplinkFeatureBytes,
                downlinkGradientBytes,
                downlinkEmbeddingBytes,
                samples,
                took,
                waited);
    }

    /** Both together. */
    public Traffic plus(Traffic other) {
        return new Traffic(
                uplinkActivationBytes + other.uplinkActivationBytes,
                uplinkCodeBytes + other.uplinkCodeBytes,
                uplinkFeatureBytes + other.uplinkFeatureBytes,
                downlinkGradientBytes + other.downlinkGradientBytes,
                downlinkEmbeddingBytes + other.downlinkEmbeddingBytes,
                samples + other.samples,
                seconds + other.seconds,
                waitSeconds + other.waitSeconds);
    }
}
