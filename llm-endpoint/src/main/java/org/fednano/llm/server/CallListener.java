package org.fednano.llm.server;

import org.fednano.llm.Reason;

/** Told of every request that an {@link LlmServer} has dealt with, on the thread that did; must be quick. */
public interface CallListener {

    /** A request was answered, refused, or left by its caller. */
    void ended(Ended call);

    /**
     * One request.
     *
     * @param op operation; {@code unread} if the request was refused before it was read, or could not be
     * @param outcome what became of it
     * @param reason why it failed; null unless it did
     * @param message what its caller was told: shapes, types and limits, never values; null unless it failed
     * @param shapes of its input tensors, as text; empty if not read
     * @param samples B; 0 if not computed
     * @param realTokens tokens computed, without padding
     * @param paddedTokens tokens computed, padding counted
     * @param requestBytes of the message
     * @param responseBytes of the message
     * @param queueSeconds that it waited for a worker
     * @param computeSeconds that it took the LLM
     */
    record Ended(
            String op,
            Outcome outcome,
            Reason reason,
            String message,
            String shapes,
            int samples,
            long realTokens,
            long paddedTokens,
            long requestBytes,
            long responseBytes,
            double queueSeconds,
            double computeSeconds) {}

    /** Tells one, then the other. */
    default CallListener and(CallListener other) {
        return call -> {
            ended(call);
            other.ended(call);
        };
    }

    /** What became of a request. */
    enum Outcome {
        /** Answered. */
        OK,
        /** Refused or failed, with a reason. */
        FAILED,
        /** Its caller went away, or its deadline passed, before it was answered. */
        LEFT
    }
}
