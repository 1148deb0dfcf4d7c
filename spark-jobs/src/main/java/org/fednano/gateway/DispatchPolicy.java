package org.fednano.gateway;

/** The last part of a call's way to the LLM. */
interface DispatchPolicy {

    /** Answers a call, on the caller's thread or another; rethrows what the LLM threw. */
    <R> R answer(PendingCall<R> ticket);

    /** Calls that wait in it. */
    int waiting();

    /** Somebody came or left: who waits for others may look again. */
    default void changed() {}

    /** Ends its threads. */
    default void close() {}
}
