package org.fednano.gateway;

import java.util.function.LongSupplier;

/** Counts what one client moves in one round; shared by the attempts of its task. */
final class Meter {

    private final LongSupplier nanoTime;
    private Traffic traffic = Traffic.NONE;
    private boolean closed;
    private long startedAt;

    Meter(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** A session begins (a task's attempt). */
    synchronized long start() {
        startedAt = nanoTime.getAsLong();
        return startedAt;
    }

    synchronized long startedAt() {
        return startedAt;
    }

    long now() {
        return nanoTime.getAsLong();
    }

    synchronized void add(Traffic moved) {
        traffic = traffic.plus(moved);
    }

    synchronized Traffic close() {
        closed = true;
        return traffic;
    }
}
