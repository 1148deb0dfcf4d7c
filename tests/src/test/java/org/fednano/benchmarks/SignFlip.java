package org.fednano.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.fednano.algorithm.ClientBackend;
import org.fednano.algorithm.ClientOutcome;
import org.fednano.algorithm.ClientReport;
import org.fednano.algorithm.ClientReport.Fate;
import org.fednano.algorithm.ClientUpdate;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.GlobalAdapter;
import org.fednano.algorithm.OutcomeSink;
import org.fednano.algorithm.Round;
import org.fednano.algorithm.RoundResult;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;

/**
 * Which way honest clients point, and what becomes of a round if one of them sends the opposite of its change: each round of a real
 * run is merged again with each client in turn as the liar. Arguments: {@code key=value} settings; {@code run.shards} is needed.
 */
public final class SignFlip {

    private SignFlip() {}

    public static void main(String[] args) {
        Settings settings = Settings.load(List.of(), List.of(args));
        try (Bench bench = new Bench(settings, "local[2]")) {
            GlobalAdapter start = GlobalAdapter.initial(bench.plan);
            System.out.printf(
                    "%5s | %-34s | %s%n",
                    "round", "honest: rejected, cosines", "flipped: rejected, cosines, values outside");
            for (int round = 1; round <= settings.get(RunKeys.ROUNDS); round++) {
                Map<String, ClientUpdate> updates = new TreeMap<>();
                RoundResult honest = train(bench, start, (told, cohort, sink) -> bench.cluster
                        .clients()
                        .update(told, cohort, outcome -> {
                            synchronized (updates) {
                                updates.put(outcome.clientId(), ((ClientOutcome.Done) outcome).update());
                            }
                            sink.accept(outcome);
                        }));
                tell(bench, start, honest, updates);
                start = honest.global();
            }
        }
    }

    private static RoundResult train(Bench bench, GlobalAdapter start, ClientBackend clients) {
        List<RoundResult> results = new ArrayList<>();
        FedNano.train(bench.plan.withRounds(start.round() + 1), start, clients, results::add);
        return results.get(0);
    }

    private static void tell(Bench bench, GlobalAdapter start, RoundResult honest, Map<String, ClientUpdate> updates) {
        int caught = 0;
        int accused = 0; // honest clients that a liar has rejected
        double worst = 0;
        List<Double> cosines = new ArrayList<>();
        for (String liar : updates.keySet()) {
            RoundResult result = train(bench, start, new Told(updates, liar, start.theta()));
            for (ClientReport report : result.clients()) {
                boolean rejected = report.fate() == Fate.REJECTED;
                if (report.clientId().equals(liar)) {
                    caught += rejected ? 1 : 0;
                    cosines.add(report.updateCosine());
                } else {
                    accused += rejected ? 1 : 0;
                }
            }
            worst = Math.max(worst, outside(result.global().theta(), updates, liar));
        }
        List<Double> own =
                honest.clients().stream().map(ClientReport::updateCosine).toList();
        System.out.printf(
                Locale.ROOT,
                "%5d | %d of %d, %s | %d of %d, %s, at most %.1f %%; honest rejected beside it: %d%n",
                honest.number(),
                honest.count(Fate.REJECTED),
                updates.size(),
                spread(own),
                caught,
                updates.size(),
                spread(cosines),
                100 * worst,
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

    /** Share of the merged values that none of the honest clients' ranges holds. */
    private static double outside(float[] merged, Map<String, ClientUpdate> updates, String liar) {
        int outside = 0;
        for (int i = 0; i < merged.length; i++) {
            float low = Float.MAX_VALUE;
            float high = -Float.MAX_VALUE;
            for (ClientUpdate update : updates.values()) {
                if (!update.clientId().equals(liar)) {
                    low = Math.min(low, update.theta()[i]);
                    high = Math.max(high, update.theta()[i]);
                }
            }
            outside += merged[i] < low || merged[i] > high ? 1 : 0;
        }
        return (double) outside / merged.length;
    }

    /** The same updates once more, one of them turned round. */
    private record Told(Map<String, ClientUpdate> updates, String liar, float[] before) implements ClientBackend {

        @Override
        public void update(Round round, List<String> cohort, OutcomeSink outcomes) {
            updates.values()
                    .forEach(u ->
                            outcomes.accept(new ClientOutcome.Done(u.clientId().equals(liar) ? turned(u) : u)));
        }

        private ClientUpdate turned(ClientUpdate u) {
            float[] theta = before.clone();
            for (int i = 0; i < theta.length; i++) {
                theta[i] -= u.theta()[i] - before[i];
            }
            return new ClientUpdate(u.clientId(), theta, u.uploads(), u.trainingRows(), u.metrics());
        }
    }
}
