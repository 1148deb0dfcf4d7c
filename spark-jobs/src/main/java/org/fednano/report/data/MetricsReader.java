package org.fednano.report.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.IntPredicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.fednano.metrics.EvaluationRow;
import org.fednano.report.data.RunMetrics.Client;
import org.fednano.report.data.RunMetrics.Evaluation;
import org.fednano.report.data.RunMetrics.Round;
import org.fednano.report.data.RunMetrics.Traffic;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/**
 * Reads one run's rows from {@code METRICS/TABLE/run_id=…/round=…/*.parquet}. Columns are found by name, so files of
 * other versions with more or fewer columns are read too, and a table that is not there has no rows. No Spark session is
 * needed: a report takes a second.
 */
public final class MetricsReader {

    private static final String RUN = "run_id=";
    private static final String ROUND = "round=";

    private static final IntPredicate ALL = round -> true;

    private final Path root;
    private final Configuration hadoop;

    /**
     * @param metricsDir folder (URI) of the metric tables
     * @param hadoop file-system settings
     */
    public MetricsReader(String metricsDir, Configuration hadoop) {
        this.root = new Path(metricsDir);
        this.hadoop = hadoop;
    }

    /**
     * All rows of a run.
     *
     * @throws JobException with status 3 if no table has a row of this run, or a file cannot be read
     */
    public RunMetrics read(String runId) {
        List<Client> clients = table(
                "clients",
                runId,
                ALL,
                MetricsReader::client,
                Comparator.comparingInt(Client::round)
                        .thenComparing(Client::attempt)
                        .thenComparing(Client::clientId));
        RunMetrics run = new RunMetrics(
                runId,
                table("rounds", runId, ALL, MetricsReader::round, Comparator.comparingInt(Round::round)),
                clients.stream().filter(c -> c.attempt() == 0).toList(),
                clients.stream().filter(c -> c.attempt() > 0).toList(),
                evaluations(runId));
        if (run.isEmpty()) {
            throw JobException.badInput("Metrics of run '" + runId + "' expected in " + root
                    + "/{rounds,clients,evaluations}/" + RUN + runId + ": found none. Runs there: " + describeRuns()
                    + ". Name one of them with --runs, another folder with --set run.metrics_dir=…, or train first.");
        }
        return run;
    }

    /** What a run's evaluations found, by round, client, split, category and predictor; none if there was no evaluation. */
    public List<Evaluation> evaluations(String runId) {
        return table(
                "evaluations",
                runId,
                ALL,
                MetricsReader::evaluation,
                Comparator.comparingInt(Evaluation::round)
                        .thenComparing(Evaluation::clientId)
                        .thenComparing(Evaluation::split)
                        .thenComparing(Evaluation::category)
                        .thenComparing(Evaluation::predictor));
    }

    /**
     * How well a round's adapter did.
     *
     * @param round that was evaluated
     * @param mean over clients on their own test sets, 0 to 1
     */
    public record Accuracy(int round, double mean) {}

    /** Accuracy of the last evaluated round up to {@code last}; empty if none was evaluated. */
    public Optional<Accuracy> testAccuracy(String runId, int last) {
        Path run = new Path(root, "evaluations/" + RUN + runId);
        return Arrays.stream(list(run))
                .filter(folder -> folder.getPath().getName().startsWith(ROUND))
                .map(folder -> Integer.parseInt(value(folder.getPath(), ROUND)))
                .filter(round -> round <= last)
                .sorted(Comparator.reverseOrder())
                .flatMap(round -> meanAccuracy(runId, round).stream().mapToObj(mean -> new Accuracy(round, mean)))
                .findFirst();
    }

    private OptionalDouble meanAccuracy(String runId, int round) {
        return table(
                        "evaluations",
                        runId,
                        r -> r == round,
                        MetricsReader::evaluation,
                        Comparator.comparing(Evaluation::clientId))
                .stream()
                .filter(e -> e.split().equals(Split.TEST.text())
                        && e.category().equals(EvaluationRow.ALL)
                        && e.predictor().equals(EvaluationRow.MODEL)
                        && e.samples() > 0)
                .mapToDouble(Evaluation::accuracy)
                .average();
    }

    private String describeRuns() {
        TreeSet<String> runs = new TreeSet<>();
        for (String table : List.of("rounds", "evaluations")) {
            for (FileStatus folder : list(new Path(root, table))) {
                if (folder.getPath().getName().startsWith(RUN)) {
                    runs.add(value(folder.getPath(), RUN));
                }
            }
        }
        return runs.isEmpty() ? "none" : String.join(", ", runs);
    }

    private <T> List<T> table(
            String table,
            String runId,
            IntPredicate rounds,
            BiFunction<Integer, Row, T> row,
            Comparator<? super T> order) {
        List<T> rows = new ArrayList<>();
        for (FileStatus run : list(new Path(root, table))) {
            if (!run.getPath().getName().startsWith(RUN)
                    || !value(run.getPath(), RUN).equals(runId)) {
                continue;
            }
            for (FileStatus folder : list(run.getPath())) {
                if (folder.getPath().getName().startsWith(ROUND)) {
                    int round = Integer.parseInt(value(folder.getPath(), ROUND));
                    for (FileStatus file : rounds.test(round) ? list(folder.getPath()) : new FileStatus[0]) {
                        readFile(file.getPath(), round, row, rows);
                    }
                }
            }
        }
        rows.sort(order);
        return rows;
    }

    private <T> void readFile(Path file, int round, BiFunction<Integer, Row, T> row, List<T> into) {
        String name = file.getName();
        if (name.startsWith("_") || name.startsWith(".") || !name.endsWith(".parquet")) {
            return;
        }
        try (ParquetReader<Group> reader = ParquetReader.builder(new GroupReadSupport(), file)
                .withConf(hadoop)
                .build()) {
            for (Group group = reader.read(); group != null; group = reader.read()) {
                into.add(row.apply(round, new Row(group)));
            }
        } catch (IOException | RuntimeException e) {
            throw new JobException(
                    ExitStatus.BAD_INPUT,
                    "A metric table's Parquet file expected at " + file + ": it cannot be read (" + e.getMessage()
                            + "). Restore it, or move it away and evaluate that round again.",
                    e);
        }
    }

    private FileStatus[] list(Path folder) {
        try {
            FileSystem files = folder.getFileSystem(hadoop);
            if (!files.exists(folder)) {
                return new FileStatus[0];
            }
            FileStatus[] found = files.listStatus(folder);
            // Stores list in any order; rows of equal rank keep the order of their files.
            Arrays.sort(found, Comparator.comparing(f -> f.getPath().getName()));
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot list " + folder, e);
        }
    }

    private static String value(Path folder, String key) {
        String escaped = folder.getName().substring(key.length());
        return escaped.indexOf('%') < 0
                ? escaped
                : URLDecoder.decode(escaped.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static Round round(int round, Row row) {
        return new Round(
                round,
                row.text("strategy"),
                row.whole("seed"),
                row.number("wall_seconds"),
                (int) row.whole("cohort_clients"),
                (int) row.whole("merged_clients"),
                row.number("first_epoch_loss"),
                row.number("last_epoch_loss"),
                row.number("update_norm"),
                traffic(row),
                row.whole("endpoint_samples"));
    }

    private static Client client(int round, Row row) {
        return new Client(
                round,
                row.text("client_id"),
                row.text("outcome"),
                row.text("detail"),
                row.whole("training_rows"),
                row.number("first_epoch_loss"),
                row.number("last_epoch_loss"),
                row.number("train_seconds"),
                row.number("fisher_seconds"),
                row.number("endpoint_seconds"),
                row.number("merge_weight_share"),
                traffic(row),
                row.whole("cut_prompts"),
                row.whole("attempt"));
    }

    private static Evaluation evaluation(int round, Row row) {
        return new Evaluation(
                round,
                row.text("client_id"),
                row.text("split"),
                row.text("category"),
                row.text("predictor"),
                row.whole("samples"),
                row.whole("correct"));
    }

    private static Traffic traffic(Row row) {
        return new Traffic(
                row.whole("downlink_adapter_bytes"),
                row.whole("uplink_adapter_bytes"),
                row.whole("uplink_fisher_bytes"),
                row.whole("uplink_activation_bytes"),
                row.whole("downlink_gradient_bytes"),
                row.whole("uplink_feature_bytes"));
    }

    /** A row whose columns may be missing or null: then a number is NaN, a count 0, a text empty. */
    private record Row(Group group) {

        private boolean has(String column) {
            return group.getType().containsField(column) && group.getFieldRepetitionCount(column) > 0;
        }

        private PrimitiveTypeName type(String column) {
            return group.getType().getType(column).asPrimitiveType().getPrimitiveTypeName();
        }

        String text(String column) {
            return has(column) ? group.getString(column, 0) : "";
        }

        long whole(String column) {
            if (!has(column)) {
                return 0;
            }
            return type(column) == PrimitiveTypeName.INT32 ? group.getInteger(column, 0) : group.getLong(column, 0);
        }

        double number(String column) {
            if (!has(column)) {
                return Double.NaN;
            }
            return switch (type(column)) {
                case DOUBLE -> group.getDouble(column, 0);
                case FLOAT -> group.getFloat(column, 0);
                default -> whole(column);
            };
        }
    }
}
