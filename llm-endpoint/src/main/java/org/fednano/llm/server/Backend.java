package org.fednano.llm.server;

import io.grpc.Metadata;
import java.util.function.Supplier;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;

/** What stands behind an {@link LlmServer}. Used by many threads. */
public interface Backend {

    /**
     * What clients are told. Its limits are replaced by the server's own where those are tighter.
     *
     * @throws LlmException as {@link #llm}
     */
    LlmInfo info();

    /** Whether it can answer calls now; while it cannot, {@link #info} and {@link #llm} are not asked. */
    boolean ready();

    /**
     * Refuses a caller by the headers alone, before its message is read or finds the queue full. Quick; on any thread.
     *
     * @throws LlmException as {@link #llm}, and so the other exceptions
     */
    default void admit(Metadata headers) {}

    /**
     * Who answers one request. Called on the thread that then makes the call, inside the request's gRPC context, which
     * is cancelled when the caller has gone.
     *
     * @param headers of the request
     * @throws LlmException with the contract's reason
     * @throws org.fednano.algorithm.RoundClosedException told as ROUND_CLOSED
     * @throws org.fednano.settings.JobException with status 5, told as ENDPOINT_DOWN
     */
    FrozenLlm llm(Metadata headers);

    /** Whom features belong to that this caller brings: those of one are never another's, whatever secret he names. */
    default String owner(Metadata headers) {
        return "";
    }

    /** One LLM that is there from the beginning and answers everybody. The caller closes it. */
    static Backend of(FrozenLlm llm) {
        return starting(() -> llm);
    }

    /**
     * One LLM that is still being loaded and then answers everybody. The caller closes it.
     *
     * @param llm gives null until it is there
     */
    static Backend starting(Supplier<? extends FrozenLlm> llm) {
        return new Backend() {
            @Override
            public LlmInfo info() {
                return llm.get().info();
            }

            @Override
            public boolean ready() {
                return llm.get() != null;
            }

            @Override
            public FrozenLlm llm(Metadata headers) {
                return llm.get();
            }
        };
    }
}
