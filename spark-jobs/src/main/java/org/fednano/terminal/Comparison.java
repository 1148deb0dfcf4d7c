package org.fednano.terminal;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.fednano.metrics.EvaluationRow;

/** Finished runs beside each other: final mean accuracy over clients, spread over seeds. */
public final class Comparison {

    /** One finished run. */
    public record Run(String strategy, long seed, String runId, AccuracyHistory history) {

        double last(String split, String predictor) {
            return history.mean(history.last(), split, predictor);
        }

        double zeroShot(String split) {
            return history.mean(0, split, EvaluationRow.MODEL);
        }
    }

    private final List<Run> runs;
    private final List<String> splits;

    public Comparison(List<Run> runs, List<String> splits) {
        this.runs = List.copyOf(runs);
        this.splits = List.copyOf(splits);
    }

    public void print(PrintWriter out) {
        List<List<String>> lines = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of("final accuracy, mean over clients"));
        splits.forEach(s -> head.add(s));
        head.add("seeds");
        lines.add(head);
        lines.add(line("majority answer", runs.subList(0, 1), (r, s) -> r.last(s, EvaluationRow.MAJORITY)));
        lines.add(line("zero-shot", runs.subList(0, 1), Run::zeroShot));
        for (String strategy : runs.stream().map(Run::strategy).distinct().toList()) {
            List<Run> of =
                    runs.stream().filter(r -> r.strategy().equals(strategy)).toList();
            lines.add(line(strategy, of, (r, s) -> r.last(s, EvaluationRow.MODEL)));
        }
        out.println();
        AccuracyTable.print(out, lines);
    }

    private interface Value {
        double of(Run run, String split);
    }

    private List<String> line(String name, List<Run> of, Value value) {
        List<String> line = new ArrayList<>(List.of(name));
        for (String split : splits) {
            line.add(spread(of, r -> value.of(r, split)));
        }
        line.add(name.equals("majority answer") || name.equals("zero-shot") ? "" : String.valueOf(of.size()));
        return line;
    }

    /** {@code 61.2 ± 1.3 %}: mean and sample standard deviation; a single run has no spread. */
    private static String spread(List<Run> of, ToDoubleFunction<Run> value) {
        double[] values = of.stream().mapToDouble(value).toArray();
        double mean = java.util.Arrays.stream(values).average().orElse(Double.NaN);
        if (values.length < 2 || Double.isNaN(mean)) {
            return Figures.percent(mean);
        }
        double squares = java.util.Arrays.stream(values)
                .map(v -> (v - mean) * (v - mean))
                .sum();
        return String.format(Locale.ROOT, "%.1f ± %.1f %%", 100 * mean, 100 * Math.sqrt(squares / (values.length - 1)));
    }

    /** Writes a row per run and split; replaces an older file. */
    public Path write(String folder, Configuration hadoop) {
        StringBuilder csv =
                new StringBuilder("strategy,seed,run_id,split,round,accuracy,zero_shot_accuracy,majority_accuracy\n");
        for (Run run : runs) {
            for (String split : splits) {
                csv.append(String.join(
                                ",",
                                run.strategy(),
                                String.valueOf(run.seed()),
                                run.runId(),
                                split,
                                String.valueOf(run.history().last()),
                                number(run.last(split, EvaluationRow.MODEL)),
                                number(run.zeroShot(split)),
                                number(run.last(split, EvaluationRow.MAJORITY))))
                        .append('\n');
            }
        }
        Path file = new Path(folder, "comparison.csv");
        try (FSDataOutputStream out = file.getFileSystem(hadoop).create(file, true)) {
            out.write(csv.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("Writing " + file + ": " + e.getMessage(), e);
        }
        return file;
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "" : String.valueOf(value);
    }
}
