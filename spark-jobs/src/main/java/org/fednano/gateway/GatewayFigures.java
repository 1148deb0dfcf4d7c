package org.fednano.gateway;

/**
 * What a gateway has done so far, over all clients.
 *
 * @param calls answered or failed
 * @param batches requests made of them; with batching off as many
 * @param samples in those requests ({@code embed}: ids)
 * @param tokens in those requests, without padding
 * @param paddedTokens with padding: what the LLM works on
 * @param queueSeconds that calls waited for room, for their turn or for others, summed over calls
 * @param computeSeconds that requests were with the LLM, summed over requests
 */
public record GatewayFigures(
        long calls,
        long batches,
        long samples,
        long tokens,
        long paddedTokens,
        double queueSeconds,
        double computeSeconds) {

    /** Nothing done. */
    public static final GatewayFigures NONE = new GatewayFigures(0, 0, 0, 0, 0, 0, 0);

    /** Share of the LLM's work that was no padding, 0 to 1. */
    public double fill() {
        return paddedTokens == 0 ? 1 : (double) tokens / paddedTokens;
    }

    /** Both together. */
    public GatewayFigures plus(GatewayFigures other) {
        return new GatewayFigures(
                calls + other.calls,
                batches + other.batches,
                samples + other.samples,
                tokens + other.tokens,
                paddedTokens + other.paddedTokens,
                queueSeconds + other.queueSeconds,
                computeSeconds + other.computeSeconds);
    }
}
