package org.fednano.terminal;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.fednano.metrics.EvaluationRow;
import org.fednano.metrics.MetricViews;

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
     */
    public static AccuracyHistory read(SparkSession spark, String metrics, String runId) {
        MetricViews.register(spark, metrics);
        var rows = spark.table("evaluations")
                .where(functions.col("run_id").equalTo(runId))
                .where(functions.col("category").equalTo(EvaluationRow.ALL))
                .select("round", "split", "predictor", "client_id", "accuracy")
                .collectAsList();
        return new AccuracyHistory(rows.stream()
                .filter(r -> !r.isNullAt(4))
                .collect(Collectors.groupingBy(
                        AccuracyHistory::key,
                        Collectors.toMap(r -> r.getString(3), r -> r.getDouble(4), (a, b) -> b, TreeMap::new))));
    }

    private static Key key(Row row) {
        return new Key(row.getInt(0), row.getString(1), row.getString(2));
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
