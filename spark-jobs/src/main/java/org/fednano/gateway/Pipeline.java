package org.fednano.gateway;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.fednano.algorithm.Wire;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;

/** The way of every call to the LLM: room for its bytes first, then a place at the LLM, alone or in a batch. */
final class Pipeline implements AutoCloseable {

    /** How long {@link #close} waits for calls that the LLM is at. */
    private static final Duration LAST_CALLS = Duration.ofSeconds(10);

    private final MeteredLlm asking;
    private final DispatchPolicy lane;
    private final FairSemaphore room;
    private final FeatureOwners owners = new FeatureOwners();

    /**
     * @param othersMayCome whether a client is about that has no call under way
     */
    Pipeline(FrozenLlm llm, GatewayOptions options, BooleanSupplier othersMayCome) {
        asking = new MeteredLlm(llm);
        llm.onFeaturesSent(owners::sent);
        room = new FairSemaphore(options.maxInflightBytes());
        lane = options.batching()
                ? new DynamicBatcher(
                        asking, options.maxBatchTokens(), options.maxWait(), options.inFlight(), othersMayCome)
                : new DirectDispatch(asking, options.inFlight());
    }

    LlmInfo info() {
        return asking.llm().info();
    }

    Wire wire() {
        return asking.llm().wire();
    }

    FeatureOwners owners() {
        return owners;
    }

    GatewayFigures figures() {
        return asking.figures();
    }

    /** Calls that wait for their turn or for others. */
    int waiting() {
        return lane.waiting();
    }

    /** Somebody came or left. */
    void changed() {
        lane.changed();
    }

    /**
     * Answers a call.
     *
     * @throws LlmException TOO_LARGE if it and its answer are larger than all room there is
     */
    <R> R answer(PendingCall<R> ticket) {
        long bytes = ticket.call.heldBytes(info().hidden());
        LlmException.require(
                bytes <= room.capacity(),
                Reason.TOO_LARGE,
                "A call and its answer must fit gateway.max_inflight_bytes (raise it, or make batches smaller)",
                "at most " + room.capacity() + " bytes",
                bytes);
        room.take(bytes, ticket.check);
        try {
            return lane.answer(ticket);
        } finally {
            room.give(bytes);
            asking.add(new GatewayFigures(1, 0, 0, 0, 0, ticket.waitSeconds(), 0));
        }
    }

    @Override
    public void close() {
        lane.close();
        asking.close(LAST_CALLS);
    }
}
