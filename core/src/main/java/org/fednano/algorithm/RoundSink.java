package org.fednano.algorithm;

/** Takes each merged round: commits it, records it, may evaluate it. */
@FunctionalInterface
public interface RoundSink {

    /**
     * Called once per round, in order, on the thread that trains; the next round starts when it returns. What it throws
     * ends the training.
     */
    void commit(RoundResult result);
}
