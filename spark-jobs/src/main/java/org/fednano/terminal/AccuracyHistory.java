package org.fednano.terminal;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.fednano.metrics.EvaluationRow;
import org.fednano.report.data.MetricsReader;
import org.fednano.report.data.RunMetrics.Evaluation;

/**
 * Whole-split accuracies of one run by round, split, predictor and client, read from the metric tables, so that a
 * continued run shows all of its rounds.
 */
public final class AccuracyHistory {

    private record Key(int round, String split, String predictor) {}

    private final Map<Integer, Boolean> rounds = new TreeMap<>();
    private final Map<Key, Map<String, Double>> accuracies;

    private AccuracyHistory(Map<Key, Map<String, Double>> accuracies) {
        this.accuracies = accuracies;
        accuracies.keySet().forEach(k -> rounds.put(k.round(), true));
    }

    /**
     * @param metrics METRICS, a folder URI
     * @param runId the run's name in the tables
     * @param hadoop file-system settings
     * @throws org.fednano.settings.JobException with status 3 if a file of the table cannot be read
     */
    public static AccuracyHistory read(String metrics, String runId, Configuration hadoop) {
        return new AccuracyHistory(new MetricsReader(metrics, hadoop)
                .evaluations(runId).stream()
                        .filter(e -> e.category().equals(EvaluationRow.ALL) && e.samples() > 0)
                        .collect(Collectors.groupingBy(
                                e -> new Key(e.round(), e.split(), e.predictor()),
                                Collectors.toMap(
                                        Evaluation::clientId, Evaluation::accuracy, (a, b) -> b, TreeMap::new))));
    }

    /** Evaluated rounds, ascending. */
    public Iterable<Integer> rounds() {
        return rounds.keySet();
    }

    /** Accuracy of each client, 0 to 1, by client id; empty if that was not evaluated. */
    Map<String, Double> of(int round, String split, String predictor) {
        return accuracies.getOrDefault(new Key(round, split, predictor), Map.of());
    }

    /** Mean over clients; NaN if that was not evaluated. */
    double mean(int round, String split, String predictor) {
        return of(round, split, predictor).values().stream()
                .mapToDouble(Double::doubleValue)
                .average()
                .orElse(Double.NaN);
    }

    /** The last evaluated round, or −1. */
    int last() {
        int last = -1;
        for (int round : rounds.keySet()) {
            last = round;
        }
        return last;
    }
}
