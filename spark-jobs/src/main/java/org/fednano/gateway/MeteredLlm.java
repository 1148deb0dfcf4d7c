package org.fednano.gateway;

import java.time.Duration;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmCall;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** The LLM with a clock beside it, and a door that can be closed. */
final class MeteredLlm {

    private final FrozenLlm llm;
    private GatewayFigures figures = GatewayFigures.NONE;
    private int running;
    private boolean closed;

    MeteredLlm(FrozenLlm llm) {
        this.llm = llm;
    }

    FrozenLlm llm() {
        return llm;
    }

    /**
     * Asks, and counts; a request that fails counts too.
     *
     * @throws JobException with status 5 if the run cannot go on with the endpoint: it stayed away, has another model now,
     *     or no longer lets us in. All of that is the run's end, and not one client's failure
     */
    <R> R ask(LlmCall<R> request) {
        enter();
        long before = System.nanoTime();
        try {
            return request.on(llm);
        } catch (JobException e) {
            throw e.status() == ExitStatus.ENDPOINT_UNAVAILABLE
                    ? e
                    : new JobException(ExitStatus.ENDPOINT_UNAVAILABLE, e.getMessage(), e);
        } finally {
            exit(new GatewayFigures(
                    0,
                    1,
                    request.samples(),
                    request.realTokens(),
                    request.tokens(),
                    0,
                    (System.nanoTime() - before) / 1e9));
        }
    }

    private synchronized void enter() {
        if (closed) {
            throw new IllegalStateException("The gateway has been closed");
        }
        running++;
    }

    private synchronized void exit(GatewayFigures more) {
        running--;
        add(more);
        notifyAll();
    }

    /** From now on nobody asks; waits for those who do, since the LLM may be closed next. Not for longer than this. */
    synchronized void close(Duration most) {
        closed = true;
        long end = System.nanoTime() + most.toNanos();
        try {
            for (long left = most.toNanos(); running > 0 && left > 0; left = end - System.nanoTime()) {
                wait(left / 1_000_000 + 1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    synchronized void add(GatewayFigures more) {
        figures = figures.plus(more);
    }

    synchronized GatewayFigures figures() {
        return figures;
    }
}
