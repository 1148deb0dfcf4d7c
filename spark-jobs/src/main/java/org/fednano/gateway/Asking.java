package org.fednano.gateway;

import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmCall;

/** The LLM with a clock beside it. */
final class Asking {

    private final FrozenLlm llm;
    private GatewayFigures figures = GatewayFigures.NONE;

    Asking(FrozenLlm llm) {
        this.llm = llm;
    }

    FrozenLlm llm() {
        return llm;
    }

    /** Asks, and counts; a request that fails counts too. */
    <R> R ask(LlmCall<R> request) {
        long before = System.nanoTime();
        try {
            return request.on(llm);
        } finally {
            add(new GatewayFigures(
                    0,
                    1,
                    request.samples(),
                    Payload.tokens(request),
                    request.tokens(),
                    0,
                    (System.nanoTime() - before) / 1e9));
        }
    }

    synchronized void add(GatewayFigures more) {
        figures = figures.plus(more);
    }

    synchronized GatewayFigures figures() {
        return figures;
    }
}
