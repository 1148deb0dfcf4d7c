package org.fednano.llm.client;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.fednano.llm.client.OipOptions.Retry;

/**
 * Who asks which endpoint when: so many requests at each, first come, first served, the least loaded endpoint first, and
 * rests for endpoints that are away. After a rest one request tries the endpoint; the others follow when it answers.
 * For many threads.
 */
final class EndpointBalancer {

    /**
     * A request at an endpoint.
     *
     * @param episode failures of the endpoint before it
     * @param trial whether it is the one that finds out if the endpoint is back
     */
    record Place(int endpoint, long episode, boolean trial) {}

    /** One call's way through the endpoints. Only touched under the lock. */
    static final class Visit {
        private final long[] seen; // (E): episodes of each endpoint before this call
        private final int[] failed; // (E): this call's own failures there
        private final long[] notBefore; // (E): clock time of its next try there
        private int avoid = -1;

        private Visit(long[] episodes) {
            seen = episodes;
            failed = new int[episodes.length];
            notBefore = new long[episodes.length];
            Arrays.fill(notBefore, Long.MIN_VALUE);
        }
    }

    private final int size; // E
    private final int inFlight;
    private final Retry retry;
    private final WaitingClock waiting;
    private final long start;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition change = lock.newCondition();
    private final Deque<Visit> queue = new ArrayDeque<>();
    private final int[] busy;
    private final int[] streak; // failures in a row
    private final boolean[] onTrial; // whether a request is finding out if it is back
    private final long[] episodes; // failures in all; those of one moment count once
    private final long[] answeredAt; // episodes when it last answered
    private final long[] restUntil;
    private final long[] lastTaken;
    private long taken;
    private long awayNanos;
    private long queuedNanos;
    private boolean closed;

    EndpointBalancer(int size, int inFlight, Retry retry, WaitingClock waiting) {
        this.size = size;
        this.inFlight = inFlight;
        this.retry = retry;
        this.waiting = waiting;
        start = waiting.nanos();
        busy = new int[size];
        streak = new int[size];
        onTrial = new boolean[size];
        episodes = new long[size];
        answeredAt = new long[size];
        restUntil = new long[size];
        lastTaken = new long[size];
        Arrays.fill(restUntil, Long.MIN_VALUE);
    }

    /** A call begins. */
    Visit begin() {
        lock.lock();
        try {
            return new Visit(episodes.clone());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for a place.
     *
     * @return null when every endpoint stayed away for all tries
     * @throws IllegalStateException if this is closed
     */
    Place take(Visit visit) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            queue.add(visit);
            while (true) {
                if (closed) {
                    throw new IllegalStateException("The client of the endpoint is closed");
                }
                if (exhausted(visit)) {
                    return null;
                }
                long now = now();
                int endpoint = turn(visit, now);
                if (endpoint >= 0) {
                    busy[endpoint]++;
                    lastTaken[endpoint] = ++taken;
                    boolean trial = streak[endpoint] > 0;
                    onTrial[endpoint] |= trial;
                    return new Place(endpoint, episodes[endpoint], trial);
                }
                await(visit, now);
            }
        } finally {
            queue.remove(visit);
            change.signalAll();
            lock.unlock();
        }
    }

    private void await(Visit visit, long now) throws InterruptedException {
        long until = Long.MAX_VALUE;
        boolean allRest = true;
        for (int e = 0; e < size; e++) {
            long rest = Math.max(restUntil[e], visit.notBefore[e]);
            if (rest > now) {
                until = Math.min(until, rest);
            } else {
                allRest = false;
            }
        }
        if (until == Long.MAX_VALUE) {
            change.await();
        } else {
            waiting.await(change, until - now);
        }
        if (allRest) {
            awayNanos += now() - now;
        } else {
            queuedNanos += now() - now;
        }
    }

    /** The endpoint for this call, or −1 if it must wait: for a place, or for a call that came first. */
    private int turn(Visit visit, long now) {
        for (Visit other : queue) {
            int endpoint = best(other, now);
            if (other == visit) {
                return endpoint;
            }
            if (endpoint >= 0) {
                return -1;
            }
        }
        return -1;
    }

    private int best(Visit visit, long now) {
        int best = -1;
        for (int e = 0; e < size; e++) {
            boolean free = busy[e] < inFlight
                    && (streak[e] == 0 || !onTrial[e])
                    && Math.max(restUntil[e], visit.notBefore[e]) <= now;
            if (free && (best < 0 || before(e, best, visit))) {
                best = e;
            }
        }
        return best;
    }

    private boolean before(int e, int other, Visit visit) {
        if (e == visit.avoid || other == visit.avoid) {
            return other == visit.avoid;
        }
        return busy[e] != busy[other] ? busy[e] < busy[other] : lastTaken[e] < lastTaken[other];
    }

    /** Whether each endpoint failed for all tries: this call's own, or those of others while it waited. */
    private boolean exhausted(Visit visit) {
        for (int e = 0; e < size; e++) {
            long witnessed = episodes[e] - Math.max(visit.seen[e], answeredAt[e]);
            if (Math.max(witnessed, visit.failed[e]) < retry.tries()) {
                return false;
            }
        }
        return true;
    }

    /** The endpoint answered, if only with a refusal of the call. */
    void answered(Place place) {
        lock.lock();
        try {
            int e = place.endpoint;
            leave(place);
            streak[e] = 0;
            answeredAt[e] = episodes[e];
            restUntil[e] = Long.MIN_VALUE;
            change.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** It answered with an error that may pass: another endpoint is asked next, if one is free. */
    void answeredBadly(Place place, Visit visit) {
        answered(place);
        lock.lock();
        try {
            visit.avoid = place.endpoint;
        } finally {
            lock.unlock();
        }
    }

    /** The endpoint is busy, starting or gone: it rests. */
    void away(Place place, Visit visit) {
        lock.lock();
        try {
            leave(place);
            rest(place, visit);
        } finally {
            lock.unlock();
        }
    }

    /** The same for an endpoint that was asked without a place. */
    void away(int endpoint, Visit visit) {
        lock.lock();
        try {
            rest(new Place(endpoint, episodes[endpoint], false), visit);
        } finally {
            lock.unlock();
        }
    }

    private void rest(Place place, Visit visit) {
        int e = place.endpoint;
        long now = now();
        double spread = 1 - waiting.random() / 4;
        visit.failed[e]++;
        visit.notBefore[e] = now + wait(visit.failed[e], spread);
        // Requests that were under way together fail together: that is one failure of the endpoint, not several.
        if (place.episode == episodes[e]) {
            episodes[e]++;
            streak[e]++;
            restUntil[e] = now + wait(streak[e], spread);
        }
        change.signalAll();
    }

    private long wait(int failures, double spread) {
        Duration longest = retry.backoffMax();
        double nanos = retry.backoff().toNanos() * Math.pow(2, Math.min(failures, 40) - 1.0);
        return (long) (Math.min(nanos, longest.toNanos()) * spread);
    }

    /** A request ended without word from the endpoint, by an interrupt say. */
    void left(Place place) {
        lock.lock();
        try {
            leave(place);
            change.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void leave(Place place) {
        busy[place.endpoint]--;
        if (place.trial) {
            onTrial[place.endpoint] = false;
        }
    }

    /** Callers' waits while every endpoint rested, in seconds. */
    double awaySeconds() {
        lock.lock();
        try {
            return awayNanos / 1e9;
        } finally {
            lock.unlock();
        }
    }

    /** Callers' other waits, in seconds. */
    double queuedSeconds() {
        lock.lock();
        try {
            return queuedNanos / 1e9;
        } finally {
            lock.unlock();
        }
    }

    /** Callers that wait, and those that come, fail. */
    void close() {
        lock.lock();
        try {
            closed = true;
            change.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private long now() {
        return waiting.nanos() - start;
    }
}
