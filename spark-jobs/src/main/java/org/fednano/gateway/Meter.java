package org.fednano.gateway;

import java.util.function.LongSupplier;

/** Counts what one client moves in one round; shared by the attempts of its task. */
final class Meter {

    private final LongSupplier nanoTime;
    private Traffic traffic = Traffic.NONE;
    private boolean closed;

    Meter(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    synchronized boolean isClosed() {
        return closed;
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
