package org.fednano.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The metric rows of one round. They become files under names that follow from what they hold: one file for the
 * round, one for its clients, one per evaluated split, so that measuring the same again replaces and never doubles.
 *
 * @param rounds the round's own row; empty when only evaluations are added to a committed round
 * @param clients one row per client of the cohort
 * @param evaluations any splits; unique by client, split, category and predictor
 * @param predictions any splits; unique by client, split, sample and predictor
 */
public record RoundMetrics(
        List<RoundRow> rounds,
        List<ClientRow> clients,
        List<EvaluationRow> evaluations,
        List<PredictionRow> predictions) {

    public RoundMetrics {
        rounds = List.copyOf(rounds);
        clients = List.copyOf(clients);
        evaluations = List.copyOf(evaluations);
        predictions = List.copyOf(predictions);
    }

    /** No rows. */
    public static RoundMetrics none() {
        return new RoundMetrics(List.of(), List.of(), List.of(), List.of());
    }

    /** What a later evaluation of a committed round adds. */
    public static RoundMetrics evaluation(List<EvaluationRow> evaluations, List<PredictionRow> predictions) {
        return new RoundMetrics(List.of(), List.of(), evaluations, predictions);
    }

    /**
     * A Parquet file of one table.
     *
     * @param table table name, the folder under METRICS
     * @param name file name in the round's partition
     * @param rows rows in it
     * @param bytes the whole file; the same rows always give the same bytes
     */
    public record File(String table, String name, int rows, byte[] bytes) {}

    /** The rows as files, in table order; no file for a table without rows. */
    public List<File> files() {
        List<File> files = new ArrayList<>();
        add(files, MetricTables.ROUNDS, rounds, r -> "00000");
        add(files, MetricTables.CLIENTS, clients, r -> "00000");
        add(files, MetricTables.EVALUATIONS, evaluations, EvaluationRow::split);
        add(files, MetricTables.PREDICTIONS, predictions, PredictionRow::split);
        return files;
    }

    /**
     * The file of an attempt at a round that missed its quorum; it lies beside those of other attempts and the round's own.
     *
     * @param attempt from 1
     * @param clients rows of that attempt
     */
    public static File missed(int attempt, List<ClientRow> clients) {
        String name = String.format("part-attempt-%05d.parquet", attempt);
        return new File(MetricTables.CLIENTS.name(), name, clients.size(), MetricTables.CLIENTS.encode(clients));
    }

    private static <R> void add(List<File> files, MetricTable<R> table, List<R> rows, Function<R, String> part) {
        Map<String, List<R>> parts =
                rows.stream().collect(Collectors.groupingBy(part, TreeMap::new, Collectors.toList()));
        parts.forEach((name, some) ->
                files.add(new File(table.name(), "part-" + name + ".parquet", some.size(), table.encode(some))));
    }
}
