package org.fednano.algorithm;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.fednano.algorithm.ClientOutcome.Done;
import org.fednano.algorithm.ClientOutcome.Failed;
import org.fednano.algorithm.ClientOutcome.Straggler;
import org.fednano.algorithm.ClientReport.Fate;
import org.fednano.algorithm.OrderedFold.Arrival;
import org.fednano.merger.Merger;
import org.fednano.merger.Merging;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** Merges the updates of a round that may be merged, and writes down what came of every client. */
final class RoundTally {

    private static final int NAMED_IN_ERROR = 5; // enough to see a pattern, short enough for one line

    private final Round round;
    private final List<String> cohort;
    private final Merging merging;
    private final Merger merger;
    private final boolean needsFisher;
    private final ClientReport[] reports;
    private final List<Integer> merged = new ArrayList<>();
    private final Instant startedAt = Instant.now();
    private final long startNanos = System.nanoTime();
    private String unavailable;

    RoundTally(Round round, List<String> cohort, Merging merging) {
        this.round = round;
        this.cohort = cohort;
        this.merging = merging;
        merger = merging.start(round.theta());
        needsFisher = merging.rule().usesFisher();
        reports = new ClientReport[cohort.size()];
    }

    /** Why an update may not be merged for its size or its values, or null. Touches no state: any thread may ask. */
    String refusal(ClientOutcome outcome) {
        if (!(outcome instanceof Done done)) {
            return null;
        }
        ClientUpdate u = done.update();
        int d = round.theta().length;
        if (u.theta() == null || u.theta().length != d) {
            return "an adapter of " + d + " values was expected: got " + (u.theta() == null ? 0 : u.theta().length);
        }
        if (needsFisher && (u.fisher() == null || u.fisher().length != d)) {
            return "a Fisher of " + d + " values was expected: got " + (u.fisher() == null ? 0 : u.fisher().length);
        }
        if (u.trainingRows() < 1) {
            return "at least one training row was expected: got " + u.trainingRows();
        }
        for (float value : u.theta()) {
            if (!Float.isFinite(value)) {
                return "finite adapter values were expected: got " + value;
            }
        }
        if (u.fisher() != null) {
            for (float value : u.fisher()) {
                if (!(value >= 0 && value <= Float.MAX_VALUE)) {
                    return "finite, non-negative Fisher values were expected: got " + value;
                }
            }
        }
        return null;
    }

    /** Folds one client; called in client order, on the round's own thread. */
    void fold(Arrival arrival) {
        int place = arrival.place();
        if (arrival.outcome() instanceof Done done) {
            reports[place] = foldUpdate(place, done.update(), arrival.refusal());
        } else if (arrival.outcome() instanceof Failed failed) {
            reports[place] = without(place, Fate.FAILED, failed.error());
            if (failed.status() == ExitStatus.ENDPOINT_UNAVAILABLE && unavailable == null) {
                unavailable = failed.error();
            }
        } else if (arrival.outcome() instanceof Straggler straggler) {
            reports[place] = without(place, Fate.STRAGGLER, straggler.detail());
        }
    }

    private ClientReport foldUpdate(int place, ClientUpdate u, String refusal) {
        double norm = Double.NaN;
        if (refusal == null) {
            norm = Vectors.distance(u.theta(), round.theta());
            if (norm > merging.maxUpdateNorm()) {
                refusal = "an update norm of at most " + merging.maxUpdateNorm()
                        + " was expected (merger.max_update_norm): got " + norm;
            } else {
                merger.add(u.theta(), u.fisher(), merging.weight(u.trainingRows()));
                merged.add(place);
            }
        }
        return new ClientReport(
                cohort.get(place),
                refusal == null ? Fate.MERGED : Fate.REJECTED,
                refusal == null ? "" : refusal,
                u.trainingRows(),
                0,
                norm,
                u.fisher() == null ? Double.NaN : Vectors.mean(u.fisher()),
                4L * round.theta().length,
                u.theta() == null ? 0 : u.adapterBytes(),
                u.fisherBytes(),
                u.metrics());
    }

    private ClientReport without(int place, Fate fate, String detail) {
        long downlink = 4L * round.theta().length;
        return new ClientReport(
                cohort.get(place),
                fate,
                detail == null ? "" : detail,
                0,
                0,
                Double.NaN,
                Double.NaN,
                downlink,
                0,
                0,
                ClientUpdate.Metrics.NONE);
    }

    /**
     * The merged round.
     *
     * @throws JobException with status ENDPOINT_UNAVAILABLE or QUORUM
     */
    RoundResult result(double quorum) {
        for (int i = 0; i < reports.length; i++) {
            if (reports[i] == null) {
                reports[i] = without(i, Fate.MISSING, "no answer came before the round ended");
            }
        }
        if (unavailable != null) {
            throw new JobException(
                    ExitStatus.ENDPOINT_UNAVAILABLE,
                    "Round " + round.number() + " was given up, nothing of it is committed: " + unavailable);
        }
        int needed = needed(quorum, cohort.size());
        if (merged.size() < needed) {
            throw new JobException(ExitStatus.QUORUM, shortOf(needed, quorum));
        }
        Merger.Merged result = merger.merge();
        for (int i = 0; i < merged.size(); i++) {
            reports[merged.get(i)] = reports[merged.get(i)].withMergeShare(result.shares()[i]);
        }
        List<ClientReport> all = Arrays.asList(reports);
        return new RoundResult(
                new GlobalAdapter(round.number(), result.theta()),
                all,
                weightedLoss(true),
                weightedLoss(false),
                Vectors.distance(result.theta(), round.theta()),
                startedAt,
                (System.nanoTime() - startNanos) / 1e9);
    }

    /** ceil(quorum · cohort), at least 1; in decimal, so that 0.55 of 100 is 55. */
    static int needed(double quorum, int cohort) {
        return Math.max(
                1,
                BigDecimal.valueOf(quorum)
                        .multiply(BigDecimal.valueOf(cohort))
                        .setScale(0, RoundingMode.CEILING)
                        .intValueExact());
    }

    private double weightedLoss(boolean first) {
        double sum = 0;
        double rows = 0;
        for (int place : merged) {
            ClientReport r = reports[place];
            sum += r.trainingRows()
                    * (first ? r.metrics().firstEpochLoss() : r.metrics().lastEpochLoss());
            rows += r.trainingRows();
        }
        return sum / rows;
    }

    private String shortOf(int needed, double quorum) {
        List<ClientReport> lost =
                Arrays.stream(reports).filter(r -> r.fate() != Fate.MERGED).toList();
        return "Round " + round.number() + " needs the updates of " + needed + " of its " + cohort.size()
                + " clients (run.quorum = " + quorum + "): got " + merged.size() + ". "
                + lost.stream()
                        .limit(NAMED_IN_ERROR)
                        .map(r -> r.clientId() + " " + r.fate().text() + " (" + r.detail() + ")")
                        .collect(Collectors.joining("; "))
                + (lost.size() > NAMED_IN_ERROR ? "; and " + (lost.size() - NAMED_IN_ERROR) + " more" : "")
                + ". Nothing of the round is committed: mend these clients, or lower run.quorum.";
    }
}
