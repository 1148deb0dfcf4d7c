package org.fednano.gateway;

import java.util.concurrent.CompletableFuture;
import org.fednano.llm.LlmCall;

/** A call on its way through the gateway. */
final class PendingCall<R> {

    final LlmCall<R> call;
    /** Throws once the caller's deadline has passed, its round is over, or it has gone. */
    final Runnable check;

    final CompletableFuture<R> answer = new CompletableFuture<>();
    private final long since = System.nanoTime();
    private volatile long waitedNanos;

    PendingCall(LlmCall<R> call, Runnable check) {
        this.call = call;
        this.check = check;
    }

    /** When it came, on {@link System#nanoTime}. */
    long since() {
        return since;
    }

    /** Its wait is over: the LLM is at it. */
    void start() {
        waitedNanos = System.nanoTime() - since;
    }

    double waitSeconds() {
        return waitedNanos / 1e9;
    }
}
