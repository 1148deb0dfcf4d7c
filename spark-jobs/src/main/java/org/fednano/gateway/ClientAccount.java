package org.fednano.gateway;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** What one client has open in one round, and what it moved; shared by the attempts of its task. */
final class ClientAccount {

    private final LongSupplier nanoTime;
    private final Map<String, GatewaySession> sessions = new HashMap<>();
    private Traffic traffic = Traffic.NONE;
    private boolean closed;
    private boolean present;
    private int calls;
    private long startedAt;

    ClientAccount(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        startedAt = now(); // until its first session is there, which is at once: not an age of years
    }

    /** The session of a task's attempt; the first look opens it. */
    synchronized GatewaySession session(String id, Function<ClientAccount, GatewaySession> opening) {
        return sessions.computeIfAbsent(id, i -> {
            startedAt = now();
            present = true;
            return opening.apply(this);
        });
    }

    /** The client is done, or about to start anew. */
    synchronized void leave() {
        present = false;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    synchronized long startedAt() {
        return startedAt;
    }

    long now() {
        return nanoTime.getAsLong();
    }

    /** Whether its client may come with a call next. */
    synchronized boolean mayCome() {
        return present && calls == 0 && !closed;
    }

    synchronized void enter() {
        calls++;
    }

    synchronized void exit() {
        calls--;
    }

    synchronized void add(Traffic moved) {
        traffic = traffic.plus(moved);
    }

    synchronized Traffic close() {
        closed = true;
        return traffic;
    }
}
