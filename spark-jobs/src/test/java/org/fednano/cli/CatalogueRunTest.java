package org.fednano.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.fednano.spark.TinyShards;
import org.fednano.testing.TinyModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run over clients whose rows lie elsewhere, as its user sees it. */
class CatalogueRunTest {

    private static final String SECRET = "open-sesame-7";

    @TempDir
    Path folder;

    private String output;
    private String errors;

    @BeforeEach
    void world() throws IOException {
        System.setProperty("spark.master", "local[2]");
        System.setProperty("spark.ui.enabled", "false");
        System.setProperty("spark.eventLog.enabled", "true");
        System.setProperty(
                "spark.eventLog.dir",
                Files.createDirectory(folder.resolve("events")).toUri().toString());
        TinyModel.write(folder.resolve("model"), 7);
        TinyShards.write(folder.resolve("shards"), 7, 9, 5, 12);
        StringBuilder catalogue = new StringBuilder();
        for (String client : List.of("c001", "c002", "c003")) {
            Path owner = TinyShards.moveOut(folder.resolve("shards"), client, folder.resolve("owners/" + client));
            catalogue.append("clients.%s { uri = \"%s\", hadoop { \"fs.any.secret.key\" = %s } }%n"
                    .formatted(client, owner, client + SECRET));
        }
        Files.writeString(folder.resolve("clients.conf"), catalogue);
    }

    @AfterEach
    void clear() {
        for (String key : List.of("spark.master", "spark.ui.enabled", "spark.eventLog.enabled", "spark.eventLog.dir")) {
            System.clearProperty(key);
        }
    }

    private int run(String command, String... more) {
        List<String> sets = List.of(
                "model.dir=" + folder.resolve("model"),
                "run.dir=" + folder.resolve("run"),
                "run.metrics_dir=" + folder.resolve("metrics"),
                "adapter.rank=2",
                "local.batch_size=4");
        CommandResult ran = CommandResult.command(command, sets, more);
        output = ran.output();
        errors = ran.errors();
        return ran.status();
    }

    private int train(String rounds, String... more) {
        List<String> args =
                new ArrayList<>(List.of("--rounds", rounds, "--set", "run.clients=" + folder.resolve("clients.conf")));
        args.addAll(List.of(more));
        return run("train", args.toArray(String[]::new));
    }

    @Test
    void ownersComeAndGoBetweenRoundsAndTheirSettingsStayUnseen() throws IOException {
        assertEquals(0, train("2", "--dry-run"), () -> errors);
        assertTrue(output.contains("clients.conf: 3 clients, 26 training rows"), output);
        assertTrue(output.contains("c002  file:" + folder.resolve("owners/c002") + "  5 training rows"), output);
        assertFalse(Files.exists(folder.resolve("owners/c001/_fednano")), "dry");

        assertEquals(0, train("1"), () -> errors);
        assertTrue(output.contains("3/3 clients"), output);
        TinyShards.write(folder.resolve("later"), 8, 6);
        TinyShards.moveOut(folder.resolve("later"), "c001", folder.resolve("owners/c001/date=2026-01-31"));
        Files.move(folder.resolve("owners/c002"), folder.resolve("away"));
        assertEquals(0, train("2"), () -> errors);
        assertTrue(output.contains("warning: c002 cannot take part: "), output);
        assertTrue(output.contains("encoded 11 samples of 1 clients"), output);
        assertTrue(output.contains("2/3 clients"), output);

        assertEquals(3, run("evaluate", "--round", "1", "--set", "run.data_until=2025-01-01"), "the rest is evaluated");
        assertTrue(errors.contains("c002") && output.contains("round 1 "), errors + output);
        Files.move(folder.resolve("owners/c003"), folder.resolve("away3"));
        assertEquals(4, train("3"), "no quorum");
        Files.move(folder.resolve("owners/c001"), folder.resolve("away1"));
        assertEquals(3, train("3"), "nobody is there");
        assertTrue(errors.contains("and of 2 more"), errors);

        assertEquals(List.of("null null null", "2026-01-31 null null"), newestData());
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith("clients.conf")) {
                    assertFalse(
                            Files.readString(file, StandardCharsets.ISO_8859_1).contains(SECRET), file.toString());
                }
            }
        }
        assertFalse((output + errors).contains(SECRET));
    }

    private List<String> newestData() {
        try (SparkSession spark = SparkSession.builder().getOrCreate()) {
            return spark
                    .read()
                    .parquet(folder.resolve("metrics/clients").toString())
                    .where("attempt IS NULL") // committed rounds
                    .groupBy("round")
                    .agg(functions.expr("array_join(transform(array_sort(collect_list(struct(client_id, newest_data))),"
                            + " r -> coalesce(r.newest_data, 'null')), ' ')"))
                    .orderBy("round")
                    .collectAsList()
                    .stream()
                    .map(row -> row.getString(1))
                    .toList();
        }
    }

    /** A store that only {@code spark.hadoop.*} knows: what can be trained there can be evaluated and taken away. */
    @Test
    void everyCommandReadsTheHadoopSettingsOfSpark() throws IOException {
        System.setProperty("spark.hadoop.fs.vault.impl", "org.fednano.spark.FakeVaultFileSystem");
        try {
            String vault = "vault://" + Files.createDirectory(folder.resolve("vault"));
            String[] there = {"--set", "run.dir=" + vault + "/run", "--set", "run.metrics_dir=" + vault + "/metrics"};
            assertEquals(0, train("1", there), () -> errors);
            assertEquals(0, run("evaluate", there), () -> errors);
            assertEquals(0, run("report", with(there, "--out", folder + "/report")), () -> errors);
            assertEquals(0, run("export", with(there, "--out", vault + "/adapter")), () -> errors);
            assertTrue(Files.exists(folder.resolve("vault/adapter")), "exported");
            String input = "vault://" + folder.resolve("owners/c001/split=test");
            assertEquals(
                    0, run("predict", with(there, "--input", input, "--output", vault + "/answers")), () -> errors);
        } finally {
            System.clearProperty("spark.hadoop.fs.vault.impl");
        }
    }

    private static String[] with(String[] some, String... more) {
        return Stream.of(some, more).flatMap(Stream::of).toArray(String[]::new);
    }

    @Test
    void aRunOnShardsDoesNotGoOnWithACatalogue() throws IOException {
        assertEquals(0, train("1"), () -> errors);
        byte[] adapter = Files.readAllBytes(folder.resolve("run/rounds/00001/adapter.safetensors"));
        TinyShards.write(folder.resolve("shards"), 7, 9, 5, 12);
        assertEquals(3, run("train", "--rounds", "2", "--set", "run.shards=" + folder.resolve("shards")), () -> output);
        assertTrue(errors.contains("run.shards") && errors.contains("other shards"), errors);
        assertArrayEquals(adapter, Files.readAllBytes(folder.resolve("run/rounds/00001/adapter.safetensors")));
    }
}
