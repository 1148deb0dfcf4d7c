package org.fednano.algorithm;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.fednano.algorithm.ClientOutcome.Done;
import org.fednano.algorithm.ClientOutcome.Failed;
import org.fednano.algorithm.ClientOutcome.Straggler;
import org.fednano.algorithm.ClientReport.Fate;
import org.fednano.algorithm.DeterministicAggregator.Arrival;
import org.fednano.merger.Clamp;
import org.fednano.merger.Merger;
import org.fednano.merger.ShareCap;
import org.fednano.method.ClientRule;
import org.fednano.method.FisherRule;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** Merges the updates of a round that may be merged, and writes down what came of every client. */
final class RoundAggregation {

    private static final int NAMED_IN_ERROR = 5; // enough to see a pattern, short enough for one line
    private static final int CAPPING_TRIES = 20;
    private static final String CAPPED = "weighed down to its largest share (merger.max_share)";

    /** Bytes of updates that are read side by side. */
    private static final long AT_ONCE = 64L << 20;

    private final TrainingPlan plan;
    private final GlobalAdapter before;
    private final List<String> cohort;
    private final ToLongFunction<String> trainingRows;
    private final List<ClientRule.Upload> uploads;
    private final RoundBounds bounds;
    private final ClientReport[] reports;
    private final List<Integer> merged = new ArrayList<>();
    private final Instant startedAt = Instant.now();
    private final long startNanos = System.nanoTime();
    private String unavailable;

    RoundAggregation(
            TrainingPlan plan, GlobalAdapter before, List<String> cohort, ToLongFunction<String> trainingRows) {
        this.plan = plan;
        this.before = before;
        this.cohort = cohort;
        this.trainingRows = trainingRows;
        uploads = plan.client().uploads();
        bounds = new RoundBounds(plan.merging(), before.theta(), uploads, cohort.size());
        reports = new ClientReport[cohort.size()];
    }

    /** Why an update may not be merged for its size or its values, or null. Touches no state: any thread may ask. */
    String refusal(ClientOutcome outcome) {
        if (!(outcome instanceof Done done)) {
            return null;
        }
        ClientUpdate u = done.update();
        if (u.trainingRows() < 1) {
            return "at least one training row was expected: got " + u.trainingRows();
        }
        long known = trainingRows.applyAsLong(u.clientId());
        if (known > 0 && u.trainingRows() != known) {
            return "the " + known + " training rows that the driver knows of were expected: got " + u.trainingRows();
        }
        List<String> announced = uploads.stream().map(ClientRule.Upload::name).toList();
        if (!u.uploads().keySet().equals(Set.copyOf(announced))) {
            return "the uploads " + announced + " were expected: got "
                    + u.uploads().keySet();
        }
        String refusal = refusal("adapter", u.theta(), -Float.MAX_VALUE);
        for (ClientRule.Upload upload : uploads) {
            refusal = refusal != null
                    ? refusal
                    : refusal(
                            upload.name(), u.uploads().get(upload.name()), upload.nonNegative() ? 0 : -Float.MAX_VALUE);
        }
        return refusal;
    }

    private String refusal(String what, float[] values, float least) {
        int d = before.theta().length;
        if (values == null || values.length != d) {
            return what + " of " + d + " values was expected: got " + (values == null ? 0 : values.length);
        }
        for (float value : values) {
            if (!(value >= least && value <= Float.MAX_VALUE)) {
                return "finite" + (least == 0 ? ", non-negative" : "") + " values of " + what + " were expected: got "
                        + value;
            }
        }
        return null;
    }

    /**
     * Takes down how large an update is, or why it is refused; called on the round's own thread, in any order.
     *
     * @return whether the arrival is still needed
     */
    boolean measure(Arrival arrival) {
        if (!(arrival.outcome() instanceof Done done)) {
            return true;
        }
        if (arrival.refusal() != null) {
            reports[arrival.place()] = report(arrival.place(), done.update(), arrival.refusal());
            return false; // whatever it holds takes no memory until the round's end
        }
        bounds.measure(arrival.place(), done.update());
        reports[arrival.place()] = report(arrival.place(), done.update(), null); // while its vectors are in memory
        return true;
    }

    private void report(Arrival arrival) {
        int place = arrival.place();
        if (arrival.outcome() instanceof Done) {
            reports[place] = reports[place].withUpdateCosine(bounds.cosine(place));
            String refusal = bounds.refusal(place);
            if (refusal == null) {
                merged.add(place);
            } else {
                reports[place] = reports[place].rejected(refusal);
            }
        } else if (arrival.outcome() instanceof Failed failed) {
            reports[place] = without(place, Fate.FAILED, failed.error());
            if (failed.status() == ExitStatus.ENDPOINT_UNAVAILABLE && unavailable == null) {
                unavailable = failed.error();
            }
        } else if (arrival.outcome() instanceof Straggler straggler) {
            reports[place] = without(place, Fate.STRAGGLER, straggler.detail());
        }
    }

    private ClientReport report(int place, ClientUpdate u, String refusal) {
        return new ClientReport(
                cohort.get(place),
                refusal == null ? Fate.MERGED : Fate.REJECTED,
                refusal == null ? "" : refusal,
                u.trainingRows(),
                0,
                bounds.norm(place),
                Double.NaN,
                fisherMean(u),
                4L * before.theta().length,
                u.theta() == null ? 0 : u.adapterBytes(),
                u.uploadBytes(),
                u.metrics());
    }

    private static double fisherMean(ClientUpdate u) {
        float[] fisher = u.uploads().get(FisherRule.NAME);
        return fisher == null ? Double.NaN : Vectors.mean(fisher);
    }

    private ClientReport without(int place, Fate fate, String detail) {
        long downlink = 4L * before.theta().length;
        return new ClientReport(
                cohort.get(place),
                fate,
                detail == null ? "" : detail,
                0,
                0,
                Double.NaN,
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
     * @param parked all arrivals
     * @throws QuorumMissedException with too few updates
     * @throws JobException with status ENDPOINT_UNAVAILABLE, or as the method's merger does
     */
    RoundResult result(UpdateSpill parked) {
        bounds.compare(parked);
        for (int i = 0; i < reports.length; i++) {
            if (parked.holds(i)) {
                report(parked.arrival(i));
            } else if (reports[i] == null) {
                reports[i] = without(i, Fate.MISSING, "no answer came before the round ended");
            }
        }
        if (unavailable != null) {
            throw new JobException(
                    ExitStatus.ENDPOINT_UNAVAILABLE,
                    "Round " + number() + " was given up, nothing of it is committed: " + unavailable);
        }
        String why = shortOf();
        if (why != null) {
            merged.forEach(place -> reports[place] = reports[place].unused());
            throw new QuorumMissedException(number(), Arrays.asList(reports), why);
        }
        double[] factors = new double[merged.size()];
        Arrays.fill(factors, 1);
        Merger.Merged result = merge(parked, factors);
        double cap = ShareCap.of(plan.merging().maxShare(), merged.size());
        for (int i = 0; i < CAPPING_TRIES && !ShareCap.holds(result.shares(), cap); i++) {
            // A share may depend on the other weights in other ways than by their sum, so it is looked at again.
            double[] further = ShareCap.factors(result.shares(), cap);
            Arrays.setAll(factors, k -> factors[k] * further[k]);
            result = merge(parked, factors);
        }
        for (int i = 0; i < merged.size(); i++) {
            reports[merged.get(i)] =
                    reports[merged.get(i)].withMergeShare(result.shares()[i], factors[i] < 1 ? CAPPED : "");
        }
        List<ClientReport> all = Arrays.asList(reports);
        return new RoundResult(
                new GlobalAdapter(number(), result.theta(), result.state()),
                all,
                weightedLoss(true),
                weightedLoss(false),
                Vectors.distance(result.theta(), before.theta()),
                result.held(),
                startedAt,
                (System.nanoTime() - startNanos) / 1e9);
    }

    /** Folds clients in their order. */
    private Merger.Merged merge(UpdateSpill parked, double[] factors) {
        Merger merger = plan.merging()
                .around(
                        plan.server().start(plan.layout(), before.theta(), before.state()),
                        before.theta(),
                        merged.size(),
                        plan.server().clampable());
        long bytes = 4L * before.theta().length * (1 + uploads.size());
        var some = new ClientUpdate[(int) Math.max(1, Math.min(factors.length, AT_ONCE / bytes))];
        for (int from = 0; from < factors.length; from += some.length) {
            int first = from;
            int count = Math.min(some.length, factors.length - from);
            IntStream.range(0, count).parallel().forEach(i -> some[i] = parked.read(merged.get(first + i), some[i]));
            for (int i = 0; i < count; i++) {
                ClientUpdate u = some[i];
                merger.add(u.theta(), u.uploads(), plan.merging().weight(u.trainingRows()) * factors[from + i]);
            }
            if (!merger.letGo()) {
                Arrays.fill(some, null);
            }
        }
        Merger.Merged result = merger.merge();
        requireSound(result);
        return result;
    }

    private int number() {
        return before.round() + 1;
    }

    /** A method that merges to something else than it said must not be committed. */
    private void requireSound(Merger.Merged merged) {
        List<String> keeps = plan.server().keeps();
        String refusal = refusal("merged adapter", merged.theta(), -Float.MAX_VALUE);
        if (refusal == null && !areShares(merged.shares(), this.merged.size())) {
            refusal = "a share of the weight, 0 to 1, for each of " + this.merged.size() + " clients was expected: got "
                    + Arrays.toString(merged.shares());
        }
        if (refusal == null && merged.state() == null) {
            refusal = "the state " + keeps + " was expected: got none";
        }
        if (refusal == null && !merged.state().keySet().equals(Set.copyOf(keeps))) {
            refusal = "the state " + keeps + " was expected: got "
                    + merged.state().keySet();
        }
        for (String name : keeps) {
            refusal = refusal != null
                    ? refusal
                    : refusal("state '" + name + "'", merged.state().get(name), -Float.MAX_VALUE);
        }
        if (refusal != null) {
            throw new JobException(
                    ExitStatus.FAILED,
                    "Round " + number() + " was merged to what cannot be committed: " + refusal
                            + ". Nothing of the round is committed: choose smaller steps, or mend the method.");
        }
    }

    private static boolean areShares(double[] shares, int clients) {
        return shares != null
                && shares.length == clients
                && Arrays.stream(shares).allMatch(share -> share >= 0 && share <= 1 + 1e-9);
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

    /** Why there are too few updates, or null. A clamp of too few would be none. */
    private String shortOf() {
        int k = Math.max(0, plan.merging().clamp());
        int quorum = needed(plan.quorum(), cohort.size());
        boolean clamped = Clamp.fewest(k) > quorum;
        int needed = Math.max(quorum, Clamp.fewest(k));
        if (merged.size() >= needed) {
            return null;
        }
        List<ClientReport> lost =
                Arrays.stream(reports).filter(r -> r.fate() != Fate.MERGED).toList();
        return "Round " + number() + " needs the updates of " + needed + " of its " + cohort.size()
                + " clients (" + (clamped ? "2k + 1 with merger.clamp = " + k : "run.quorum = " + plan.quorum())
                + "): got " + merged.size() + ". "
                + lost.stream()
                        .limit(NAMED_IN_ERROR)
                        .map(r -> r.clientId() + " " + r.fate().text() + " (" + r.detail() + ")")
                        .collect(Collectors.joining("; "))
                + (lost.size() > NAMED_IN_ERROR ? "; and " + (lost.size() - NAMED_IN_ERROR) + " more" : "")
                + ". Nothing of the round is committed: mend these clients, or lower "
                + (clamped ? "merger.clamp." : "run.quorum.");
    }
}
