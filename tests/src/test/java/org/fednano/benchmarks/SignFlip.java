package org.fednano.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.fednano.algorithm.ClientBackend;
import org.fednano.algorithm.ClientOutcome;
import org.fednano.algorithm.ClientReport;
import org.fednano.algorithm.ClientReport.Fate;
import org.fednano.algorithm.ClientUpdate;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.GlobalAdapter;
import org.fednano.algorithm.RoundResult;
import org.fednano.algorithm.TrainingPlan;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;

/**
 * Which way honest clients point, and what becomes of a round if one of them sends the opposite of its change: each round of a real
 * run is merged again with each client in turn as the liar, without {@code merger.clamp} and with 1; and once more with uploads 100,000
 * times as large beside the turned change, where the strategy has uploads. Arguments: {@code key=value} settings; {@code run.shards} is
 * needed.
 */
public final class SignFlip {

    private static final float INFLATED = 1e5f; // below the default of merger.max_upload_ratio

    private final TrainingPlan free;
    private final TrainingPlan clamped;

    private SignFlip(TrainingPlan free, TrainingPlan clamped) {
        this.free = free;
        this.clamped = clamped;
    }

    public static void main(String[] args) {
        Settings settings = Settings.load(List.of(), List.of(args));
        try (Bench bench = new Bench(settings, "local[2]")) {
            var flip = new SignFlip(plan(bench, 0), plan(bench, 1));
            GlobalAdapter start = GlobalAdapter.initial(bench.plan);
            for (int round = 1; round <= settings.get(RunKeys.ROUNDS); round++) {
                Map<String, ClientUpdate> updates = new TreeMap<>();
                merge(bench.plan, start, (told, cohort, sink) -> bench.cluster
                        .clients()
                        .update(told, cohort, outcome -> {
                            synchronized (updates) {
                                updates.put(outcome.clientId(), ((ClientOutcome.Done) outcome).update());
                            }
                            sink.accept(outcome);
                        }));
                start = flip.tell(start, updates);
            }
        }
    }

    private static TrainingPlan plan(Bench bench, int clamp) {
        Settings settings = bench.settings.with(RunKeys.QUORUM, 0.0).with(MethodKeys.CLAMP, clamp);
        return TrainingPlan.of(settings, bench.plan.layout(), bench.plan.clients());
    }

    private static RoundResult merge(TrainingPlan plan, GlobalAdapter start, ClientBackend clients) {
        List<RoundResult> results = new ArrayList<>();
        FedNano.train(plan.withRounds(start.round() + 1), start, clients, results::add);
        return results.get(0);
    }

    private static RoundResult merge(TrainingPlan plan, GlobalAdapter start, Collection<ClientUpdate> updates) {
        return merge(plan, start, (told, cohort, sink) -> updates.forEach(u -> sink.accept(new ClientOutcome.Done(u))));
    }

    /** Prints what becomes of a round; returns the honest one's adapter. */
    private GlobalAdapter tell(GlobalAdapter start, Map<String, ClientUpdate> updates) {
        RoundResult honest = merge(free, start, updates.values());
        RoundResult held = merge(clamped, start, updates.values());
        List<Double> own =
                honest.clients().stream().map(ClientReport::updateCosine).toList();
        System.out.printf(
                Locale.ROOT,
                "round %d | honest: rejected %d of %d, cosines %s, clamped %.2f %% of the values%n",
                honest.number(),
                honest.count(Fate.REJECTED),
                updates.size(),
                spread(own),
                100.0 * held.clampedValues() / start.theta().length);
        Map<String, float[]> alone = updates.values().stream()
                .collect(Collectors.toMap(ClientUpdate::clientId, u -> mean(merge(free, start, List.of(u)))));
        boolean uploads = updates.values().stream().anyMatch(u -> !u.uploads().isEmpty());
        for (float inflated : uploads ? new float[] {1, INFLATED} : new float[] {1}) {
            tell(start, updates, alone, inflated);
        }
        return honest.global();
    }

    private void tell(
            GlobalAdapter start, Map<String, ClientUpdate> updates, Map<String, float[]> alone, float inflated) {
        int caught = 0;
        int accused = 0; // honest clients that a liar has rejected
        double worst = 0;
        double worstClamped = 0;
        List<Double> cosines = new ArrayList<>();
        for (String liar : updates.keySet()) {
            Map<String, ClientUpdate> told = new TreeMap<>(updates);
            told.put(liar, turned(updates.get(liar), start.theta(), inflated));
            RoundResult result = merge(free, start, told.values());
            for (ClientReport report : result.clients()) {
                boolean rejected = report.fate() == Fate.REJECTED;
                if (report.clientId().equals(liar)) {
                    caught += rejected ? 1 : 0;
                    cosines.add(report.updateCosine());
                } else {
                    accused += rejected ? 1 : 0;
                }
            }
            worst = Math.max(worst, outside(result, alone, liar));
            worstClamped = Math.max(worstClamped, outside(merge(clamped, start, told.values()), alone, liar));
        }
        System.out.printf(
                Locale.ROOT,
                "        | turned, uploads x %.0f: rejected %d of %d, cosines %s, outside at most %.2f %%, clamped %.2f %%;"
                        + " honest rejected beside it: %d%n",
                inflated,
                caught,
                updates.size(),
                spread(cosines),
                100 * worst,
                100 * worstClamped,
                accused);
    }

    private static String spread(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return String.format(
                Locale.ROOT,
                "%.3f to %.3f, median %.3f",
                sorted.get(0),
                sorted.get(sorted.size() - 1),
                Bench.median(values));
    }

    /**
     * Share of the merged values beyond the range of the honest.
     *
     * @param alone the {@link #mean} of each client alone: what it sent
     */
    private double outside(RoundResult merged, Map<String, float[]> alone, String liar) {
        float[] theta = mean(merged);
        int outside = 0;
        for (int i = 0; i < theta.length; i++) {
            float low = Float.MAX_VALUE;
            float high = -Float.MAX_VALUE;
            for (Map.Entry<String, float[]> client : alone.entrySet()) {
                if (!client.getKey().equals(liar)) {
                    low = Math.min(low, client.getValue()[i]);
                    high = Math.max(high, client.getValue()[i]);
                }
            }
            outside += theta[i] < low || theta[i] > high ? 1 : 0;
        }
        return (double) outside / theta.length;
    }

    /** What was averaged: θ', or the first moment of a server's optimiser, which rises with the mean change that it is given. */
    private float[] mean(RoundResult merged) {
        List<String> keeps = free.server().keeps();
        return keeps.isEmpty()
                ? merged.global().theta()
                : merged.global().state().get(keeps.get(0));
    }

    /** The opposite of a client's change, and uploads so many times as large. */
    private static ClientUpdate turned(ClientUpdate u, float[] before, float inflated) {
        float[] theta = before.clone();
        for (int i = 0; i < theta.length; i++) {
            theta[i] -= u.theta()[i] - before[i];
        }
        Map<String, float[]> uploads = new HashMap<>();
        u.uploads().forEach((name, values) -> {
            float[] larger = values.clone();
            for (int i = 0; i < larger.length; i++) {
                larger[i] *= inflated;
            }
            uploads.put(name, larger);
        });
        return new ClientUpdate(u.clientId(), theta, uploads, u.trainingRows(), u.metrics());
    }
}
