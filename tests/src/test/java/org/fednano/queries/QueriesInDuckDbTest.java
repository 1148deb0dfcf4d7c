package org.fednano.queries;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.fednano.metrics.MetricViews;
import org.fednano.metrics.RoundMetrics;
import org.fednano.metrics.Rows;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every query of conf/sql in DuckDB, over the views that its page shows, row by row as Spark SQL answers it. */
class QueriesInDuckDbTest {

    private static final Path QUERIES = Path.of("..", "conf", "sql");

    private static SparkSession spark;
    private static Connection duck;

    @BeforeAll
    static void tables(@TempDir Path metrics) throws IOException, SQLException {
        for (int round = 0; round < 4; round++) {
            put(metrics, "a", round, Rows.all(round, "fednano"));
            put(metrics, "b", round, Rows.all(round, "fednano"));
            put(metrics, "007", round, Rows.all(round, "fedavg"));
        }
        spark = SparkSession.builder()
                .master("local[1]")
                .appName("queries")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "1")
                .getOrCreate();
        MetricViews.register(spark, metrics.toString());
        duck = DriverManager.getConnection("jdbc:duckdb:");
        try (Statement statement = duck.createStatement()) {
            for (String view : views(metrics)) {
                statement.execute(view);
            }
        }
    }

    @AfterAll
    static void close() throws SQLException {
        duck.close();
        spark.stop();
    }

    /** As the page says, so that it cannot lie. */
    private static List<String> views(Path metrics) throws IOException {
        List<String> views = Files.readAllLines(QUERIES.resolve("README.md")).stream()
                .filter(line -> line.startsWith("CREATE VIEW"))
                .map(line -> line.replace("METRICS", metrics.toString()))
                .toList();
        assertEquals(4, views.size());
        return views;
    }

    static List<Path> queries() throws IOException {
        try (Stream<Path> files = Files.list(QUERIES)) {
            return files.filter(f -> f.toString().endsWith(".sql")).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("queries")
    void answersAsSparkDoes(Path file) throws IOException, SQLException {
        String query = Files.readString(file);
        List<List<String>> expected = new ArrayList<>();
        for (Row row : spark.sql(query).collectAsList()) {
            List<String> values = new ArrayList<>();
            for (int i = 0; i < row.length(); i++) {
                values.add(text(row.get(i)));
            }
            expected.add(values);
        }
        List<List<String>> found = new ArrayList<>();
        try (Statement statement = duck.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                List<String> values = new ArrayList<>();
                for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                    values.add(text(rows.getObject(i)));
                }
                found.add(values);
            }
        }
        assertFalse(expected.isEmpty());
        assertEquals(expected, found);
    }

    @Test
    void aRunIdStaysText() throws SQLException {
        try (Statement statement = duck.createStatement();
                ResultSet rows = statement.executeQuery("SELECT count(*) FROM clients WHERE run_id = '007'")) {
            assertTrue(rows.next());
            assertEquals(9, rows.getInt(1));
        }
    }

    /** Numbers of any type alike, to nine digits. */
    private static String text(Object value) {
        return value instanceof Number number ? String.format("%.9g", number.doubleValue()) : String.valueOf(value);
    }

    private static void put(Path metrics, String run, int round, RoundMetrics rows) throws IOException {
        for (RoundMetrics.File file : rows.files()) {
            Path folder = Files.createDirectories(metrics.resolve(file.table() + "/run_id=" + run + "/round=" + round));
            Files.write(folder.resolve(file.name()), file.bytes());
        }
    }
}
