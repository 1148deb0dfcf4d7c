package org.fednano.algorithm;

/** Takes the outcomes of a round's clients. */
@FunctionalInterface
public interface OutcomeSink {

    /** Takes an outcome, on any thread; returns fast and never throws. */
    void accept(ClientOutcome outcome);

    /**
     * Waits while too much that was taken has not reached the disk. Whoever brings an outcome calls it before he takes the memory for
     * it, on a thread that may wait. When interrupted it returns, with the thread's flag set.
     */
    default void awaitRoom() {}
}
