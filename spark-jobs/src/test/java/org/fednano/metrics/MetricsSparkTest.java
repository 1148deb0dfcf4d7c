package org.fednano.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tables as Spark SQL reads them, and the queries of conf/sql over them. */
class MetricsSparkTest {

    private static SparkSession spark;

    @BeforeAll
    static void start() {
        spark = SparkSession.builder()
                .master("local[1]")
                .appName("metrics")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "1")
                .config("spark.sql.session.timeZone", "UTC")
                // Tiny tables: generating and compiling code for them takes longer than they do.
                .config("spark.sql.codegen.wholeStage", "false")
                .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
                .config("spark.sql.adaptive.enabled", "false")
                .getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void sparkReadsWhatTheTablesSay(@TempDir Path metrics) throws IOException {
        put(metrics, "demo", 0, Rows.all(0, "fednano"));
        put(metrics, "demo", 1, Rows.all(1, "fednano"));
        Dataset<Row> rounds = spark.read().parquet(metrics + "/rounds").orderBy("round");
        assertEquals(2, rounds.count());
        for (Column<?> column : MetricTables.ROUNDS.columns()) {
            assertEquals(
                    column.type().sql(),
                    rounds.schema().apply(column.name()).dataType().sql().toLowerCase(java.util.Locale.ROOT),
                    column.name());
        }
        Row first = rounds.head();
        assertEquals("demo", first.getAs("run_id"));
        assertEquals(0, (Integer) first.getAs("round"));
        assertTrue(first.isNullAt(first.fieldIndex("first_epoch_loss")));
        assertEquals(
                Timestamp.from(Instant.parse("2026-02-03T04:05:06.789123Z")), first.<Timestamp>getAs("started_at"));
        assertEquals(
                1,
                spark.read()
                        .parquet(metrics + "/clients")
                        .where("outcome = 'failed'")
                        .count());
        assertEquals(12, spark.read().parquet(metrics + "/evaluations").count());
    }

    @Test
    void filesOfAnOlderVersionAndNewOnesMakeOneTable(@TempDir Path metrics) throws IOException {
        var old = new MetricTable<>(
                "rounds", "", List.of(), MetricTables.ROUNDS.columns().subList(0, 3));
        put(metrics, "rounds", "old", 1, "part-00000.parquet", old.encode(List.of(Rows.round(1, "fedavg"))));
        var before = new MetricTable<>(
                "clients",
                "",
                List.of(),
                MetricTables.CLIENTS.columns().stream()
                        .filter(c -> !c.name().equals("attempt"))
                        .toList());
        put(metrics, "clients", "old", 1, "part-00000.parquet", before.encode(List.of(Rows.failed("c009"))));
        put(metrics, "new", 1, Rows.all(1, "fednano"));
        Dataset<Row> merged = spark.read().option("mergeSchema", "true").parquet(metrics + "/rounds");
        assertEquals(MetricTables.ROUNDS.columns().size() + 2, merged.columns().length);
        assertEquals(
                1, merged.where("run_id = 'old' AND adapter_sha256 IS NULL").count());
        MetricViews.register(spark, metrics.toString());
        assertEquals(
                1,
                spark.table("rounds")
                        .where("run_id = 'old' AND adapter_sha256 IS NULL")
                        .count());
        assertEquals(4, spark.table("clients").where("attempt IS NULL").count());
    }

    @Test
    void aRunIdThatLooksLikeANumberStaysText(@TempDir Path metrics) throws IOException {
        put(metrics, "007", 1, Rows.all(1, "fednano"));
        MetricViews.register(spark, metrics.toString());
        assertEquals("007", spark.table("clients").head().getAs("run_id"));
    }

    @Test
    void everyQueryRunsAndAnswers(@TempDir Path metrics) throws IOException {
        for (int round = 0; round < 3; round++) {
            put(metrics, "a", round, Rows.all(round, "fednano"));
            put(metrics, "b", round, Rows.all(round, "fednano"));
            put(metrics, "c", round, Rows.all(round, "fedavg"));
        }
        MetricViews.register(spark, metrics.toString());
        for (String query : queries()) {
            assertFalse(run(query).isEmpty(), query);
        }
        Row test0 = run("accuracy_per_round.sql").stream()
                .filter(r -> r.getAs("run_id").equals("a") && r.getAs("split").equals("test"))
                .findFirst()
                .orElseThrow();
        assertEquals(0.5, test0.<Double>getAs("mean_accuracy"));
        assertEquals(0.32, test0.<Double>getAs("majority_accuracy"));
        assertEquals(2L, test0.<Long>getAs("clients"));
        Row fedavg = run("compare_runs.sql").get(0);
        assertEquals("fedavg", fedavg.getAs("strategy"));
        assertEquals(0.52, fedavg.<Double>getAs("mean_accuracy"));
        assertEquals(0.5, fedavg.<Double>getAs("zero_shot"));
        Row slowest = run("slow_clients.sql").get(0);
        assertEquals("c003", slowest.getAs("client_id"));
        assertEquals(slowest.<Long>getAs("not_merged"), slowest.<Long>getAs("failed"));
        Row bytes = run("bytes_per_client.sql").get(0);
        assertEquals("c001", bytes.getAs("client_id"));
        assertEquals(2 * 30_000L, bytes.<Long>getAs("feature_bytes"));
        assertEquals(2 * 100_000L, bytes.<Long>getAs("code_bytes"));
        assertEquals(2 * 150_000L, bytes.<Long>getAs("embedding_bytes"));
        assertEquals(2 * 200_000L, bytes.<Long>getAs("gradient_bytes"));
        assertEquals(2_400.0, bytes.<Double>getAs("split_bytes_per_sample"));
        Row share = run("merge_shares.sql").get(0);
        assertEquals(1.5, share.<Double>getAs("favour"));
    }

    @Test
    void everyQueryRunsOverNothing(@TempDir Path metrics) throws IOException {
        MetricViews.register(spark, metrics.toString());
        for (String query : queries()) {
            assertTrue(run(query).isEmpty(), query);
        }
    }

    private static List<String> queries() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("..", "conf", "sql"))) {
            return files.map(f -> f.getFileName().toString())
                    .filter(n -> n.endsWith(".sql"))
                    .sorted()
                    .toList();
        }
    }

    private static List<Row> run(String query) throws IOException {
        return spark.sql(Files.readString(Path.of("..", "conf", "sql", query))).collectAsList();
    }

    private static void put(Path metrics, String run, int round, RoundMetrics rows) throws IOException {
        for (RoundMetrics.File file : rows.files()) {
            put(metrics, file.table(), run, round, file.name(), file.bytes());
        }
    }

    private static void put(Path metrics, String table, String run, int round, String name, byte[] bytes)
            throws IOException {
        Path folder = Files.createDirectories(metrics.resolve(table + "/run_id=" + run + "/round=" + round));
        Files.write(folder.resolve(name), bytes);
    }
}
