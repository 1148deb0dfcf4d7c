package org.fednano.algorithm;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.fednano.settings.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folds outcomes in client order whatever the order of their arrival, so that a round's bytes depend on its clients
 * alone. {@link #accept} only checks and enqueues: it may be called on a scheduler's event loop. A thread of the
 * round's own folds the contiguous prefix and parks what came too early on local disk: memory stays at the merger's
 * accumulators and what has not been taken from the queue yet.
 */
final class DeterministicAggregator implements Consumer<ClientOutcome>, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DeterministicAggregator.class);

    /** An outcome with its place in the cohort, and why its update is refused, or null. */
    record Arrival(int place, ClientOutcome outcome, String refusal) {
        static final Arrival END = new Arrival(-1, null, null);
    }

    private final int round;
    private final RoundAggregation tally;
    private final int cohortSize;
    private final Map<String, Integer> places = new HashMap<>();
    private final Set<Integer> settled = ConcurrentHashMap.newKeySet();
    private final BlockingQueue<Arrival> queue = new LinkedBlockingQueue<>();
    private final Thread folder;
    private volatile Throwable failure;
    private volatile boolean closed;

    /**
     * @param global the adapter before the round
     * @param cohort client ids in the order of folding
     */
    DeterministicAggregator(TrainingPlan plan, GlobalAdapter global, List<String> cohort) {
        round = global.round() + 1;
        tally = new RoundAggregation(plan, global, cohort);
        cohortSize = cohort.size();
        for (int i = 0; i < cohortSize; i++) {
            places.put(cohort.get(i), i);
        }
        folder = new Thread(this::fold, "fednano-fold-" + round);
        folder.setDaemon(true);
        folder.start();
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
        queue.add(new Arrival(place, outcome, tally.refusal(outcome)));
    }

    /**
     * All outcomes are in: folds the rest and merges. Clients without an outcome are missing.
     *
     * @throws JobException with status ENDPOINT_UNAVAILABLE or QUORUM, or as the method's merger does
     */
    RoundResult merge() {
        closed = true;
        queue.add(Arrival.END);
        try {
            folder.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while round " + round + " was being folded", e);
        }
        if (failure instanceof JobException refused) {
            throw refused;
        }
        if (failure != null) {
            // Not "missing clients": what could not be folded must never look like a smaller cohort.
            throw new IllegalStateException(
                    "Round " + round + " could not be folded: " + failure.getMessage(), failure);
        }
        return tally.result();
    }

    // Runs on the round's own thread; nothing else touches the tally's accumulators until it has ended.
    private void fold() {
        try (UpdateSpill parked = new UpdateSpill(round)) {
            int next = 0;
            for (Arrival arrival = queue.take(); arrival != Arrival.END; arrival = queue.take()) {
                if (arrival.place() != next) {
                    parked.park(arrival);
                    continue;
                }
                tally.fold(arrival);
                next++;
                while (parked.holds(next)) {
                    tally.fold(parked.take(next));
                    next++;
                }
            }
            for (; next < cohortSize; next++) {
                if (parked.holds(next)) {
                    tally.fold(parked.take(next));
                }
            }
        } catch (Throwable e) {
            failure = e;
        }
    }

    /** Ends the thread, also in the middle, and deletes what is parked. */
    @Override
    public void close() {
        closed = true;
        folder.interrupt();
        boolean interrupted = false;
        while (folder.isAlive()) {
            try {
                folder.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
