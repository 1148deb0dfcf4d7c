package org.fednano.gateway;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;

/** What one client has open in one round, and what it moved; shared by the attempts of its task. */
final class ClientAccount {

    /** Far more than any cluster makes. */
    private static final int MOST_ATTEMPTS = 64;

    private final LongSupplier nanoTime;
    private final Map<Integer, GatewaySession> sessions = new TreeMap<>();
    private Traffic traffic = Traffic.NONE;
    private boolean closed;
    private boolean present;
    private int calls;
    private int lost;
    private final long createdAt;

    ClientAccount(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        createdAt = now();
    }

    /** The session of a task's attempt; the first look opens it. */
    synchronized GatewaySession session(int attempt, Function<ClientAccount, GatewaySession> opening) {
        LlmException.require(
                attempt >= 0 && attempt < MOST_ATTEMPTS,
                Reason.BAD_REQUEST,
                "A task's attempt",
                "0 to " + (MOST_ATTEMPTS - 1),
                attempt);
        return sessions.computeIfAbsent(attempt, i -> {
            present = true;
            return opening.apply(this);
        });
    }

    /** The driver has seen an attempt end without a result. */
    synchronized void lost() {
        lost++;
    }

    /** The client is done, or about to start anew. */
    synchronized void leave() {
        present = false;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** When the client began its latest attempt of those that the driver knows to be necessary. */
    synchronized long startedAt() {
        return startedAt(MOST_ATTEMPTS);
    }

    /** When an attempt's time began. One that the client made up has the time that the one before it had. */
    synchronized long startedAt(int attempt) {
        long start = createdAt;
        boolean first = true;
        for (Map.Entry<Integer, GatewaySession> session : sessions.entrySet()) {
            if (session.getKey() <= attempt && (first || session.getKey() <= lost)) {
                start = session.getValue().openedAt();
                first = false;
            }
        }
        return start;
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
