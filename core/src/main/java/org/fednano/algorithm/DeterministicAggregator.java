package org.fednano.algorithm;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.ToLongFunction;
import org.fednano.algorithm.ClientOutcome.Done;
import org.fednano.settings.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folds outcomes in client order whatever the order of their arrival, so that a round's bytes depend on its clients
 * alone. {@link #accept} only checks and enqueues: it may be called on a scheduler's event loop. A thread of the
 * round's own parks what comes on local disk; when all are there they are folded, since what is absurd shows beside the
 * others only. Memory stays at the merger's accumulators and what has not been taken from the queue yet: so much, and one update of
 * each thread that brings them, if these call {@link #awaitRoom} first.
 */
final class DeterministicAggregator implements OutcomeSink, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DeterministicAggregator.class);

    /** Bytes of updates on their way to the disk from which on others wait. */
    static final long ROOM = 128L << 20;

    /** An outcome with its place in the cohort, and why its update is refused, or null. */
    record Arrival(int place, ClientOutcome outcome, String refusal) {
        static final Arrival END = new Arrival(-1, null, null);

        long bytes() {
            return outcome instanceof Done done ? done.update().bytes() : 0;
        }
    }

    private final int round;
    private final RoundAggregation tally;
    private final Map<String, Integer> places = new HashMap<>();
    private final Set<Integer> settled = ConcurrentHashMap.newKeySet();
    private final BlockingQueue<Arrival> queue = new LinkedBlockingQueue<>();
    private final UpdateSpill parked;
    private final long room;
    private final Thread parking;
    private volatile Throwable failure;
    private volatile boolean closed;
    private long waiting; // bytes that were accepted and not yet parked; guarded by queue

    /**
     * @param global the adapter before the round
     * @param cohort client ids in the order of folding
     * @param trainingRows of a client as the server knows them; 0: it does not
     */
    DeterministicAggregator(
            TrainingPlan plan, GlobalAdapter global, List<String> cohort, ToLongFunction<String> trainingRows) {
        this(plan, global, cohort, trainingRows, new UpdateSpill(global.round() + 1), ROOM);
    }

    DeterministicAggregator(
            TrainingPlan plan,
            GlobalAdapter global,
            List<String> cohort,
            ToLongFunction<String> trainingRows,
            UpdateSpill parked,
            long room) {
        round = global.round() + 1;
        tally = new RoundAggregation(plan, global, cohort, trainingRows);
        this.parked = parked;
        this.room = room;
        for (int i = 0; i < cohort.size(); i++) {
            places.put(cohort.get(i), i);
        }
        parking = new Thread(this::park, "fednano-park-" + round);
        parking.setDaemon(true);
        parking.start();
    }

    /** Takes an outcome. Of several of one client, the first counts; one of a client not in the cohort is ignored. */
    @Override
    public void accept(ClientOutcome outcome) {
        Integer place = places.get(outcome.clientId());
        if (closed || place == null || !settled.add(place)) {
            LOG.info(
                    "Round {}: ignored an outcome of client {} (late, repeated or not asked)",
                    round,
                    outcome.clientId());
            return;
        }
        Arrival arrival = new Arrival(place, outcome, tally.refusal(outcome));
        count(arrival.bytes());
        queue.add(arrival);
    }

    @Override
    public void awaitRoom() {
        synchronized (queue) {
            while (waiting >= room && !closed) {
                try {
                    queue.wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    private void count(long bytes) {
        synchronized (queue) {
            waiting += bytes;
            queue.notifyAll();
        }
    }

    /** Nothing more is taken, so nobody needs to wait. */
    private void shut() {
        synchronized (queue) {
            closed = true;
            queue.notifyAll();
        }
    }

    /**
     * All outcomes are in: folds and merges. Clients without an outcome are missing.
     *
     * @throws JobException with status ENDPOINT_UNAVAILABLE or QUORUM, or as the method's merger does
     */
    RoundResult merge() {
        shut();
        queue.add(Arrival.END);
        try {
            parking.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while round " + round + " was being parked", e);
        }
        if (failure != null) {
            // Not "missing clients": what could not be parked must never look like a smaller cohort.
            throw new IllegalStateException(
                    "Round " + round + " could not be parked: " + failure.getMessage(), failure);
        }
        return tally.result(parked);
    }

    // Runs on the round's own thread; nothing else touches what is parked until it has ended.
    private void park() {
        try {
            for (Arrival arrival = queue.take(); arrival != Arrival.END; arrival = queue.take()) {
                if (tally.measure(arrival)) {
                    parked.park(arrival);
                }
                count(-arrival.bytes());
            }
        } catch (Throwable e) {
            failure = e;
            shut(); // the round is lost: what comes now is not kept
            queue.clear();
        }
    }

    /** Ends the thread, also in the middle, and deletes what is parked. */
    @Override
    public void close() {
        shut();
        parking.interrupt();
        boolean interrupted = false;
        while (parking.isAlive()) {
            try {
                parking.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        parked.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
