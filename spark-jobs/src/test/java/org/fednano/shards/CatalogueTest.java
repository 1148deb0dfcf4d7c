package org.fednano.shards;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.fednano.algorithm.RoundResult;
import org.fednano.cluster.Survey;
import org.fednano.evaluation.EvaluateJob;
import org.fednano.metrics.EvaluationRow;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.spark.FakeVaultFileSystem;
import org.fednano.spark.TinyCluster;
import org.fednano.spark.TinyShards;
import org.fednano.testing.TinyModel;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients whose rows lie elsewhere. */
class CatalogueTest {

    private static final String SECRET = "open-sesame-7";

    @TempDir
    Path folder;

    /** Hadoop's shared file systems stay open from test to test. */
    private int openBefore;

    @BeforeEach
    void world() throws IOException {
        openBefore = FakeVaultFileSystem.OPEN.get();
        TinyModel.write(folder.resolve("model"), 3);
        TinyShards.write(folder.resolve("shards"), 3, 9, 5, 14);
    }

    private Path owner(String client) {
        return folder.resolve("owners/" + client);
    }

    private void moveOut() throws IOException {
        for (String client : List.of("c001", "c002", "c003")) {
            TinyShards.moveOut(folder.resolve("shards"), client, owner(client));
        }
    }

    private String catalogue(String text) throws IOException {
        return Files.writeString(folder.resolve("clients.conf"), text).toString();
    }

    private String threeOwners() throws IOException {
        return catalogue(
                """
                clients {
                  c001 { uri = "%1$s/c001", tags = [eu] }
                  c002 { uri = "%1$s/c002", tags = [us, pilot] }
                  c003 { uri = "%1$s/c003" }
                }"""
                        .formatted(folder.resolve("owners")));
    }

    private Settings settings(String catalogue, String... more) {
        List<String> sets = new ArrayList<>(List.of("run.clients=" + catalogue));
        sets.addAll(List.of(more));
        return TinyCluster.settings(folder, sets.toArray(String[]::new));
    }

    private static TinyCluster cluster(Settings settings) {
        return new TinyCluster("local[2]", settings, UnaryOperator.identity());
    }

    private static float[] train(Settings settings, int rounds) {
        try (TinyCluster cluster = cluster(settings)) {
            return cluster.train(rounds);
        }
    }

    private List<Path> files(Path of) throws IOException {
        try (Stream<Path> all = Files.walk(of)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void trainingOnOwnersApartGivesTheBytesOfTrainingOnShards() throws IOException {
        float[] expected = train(TinyCluster.settings(folder), 2);
        moveOut();
        assertArrayEquals(expected, train(settings(threeOwners()), 2));
        assertArrayEquals(expected, train(settings(threeOwners(), "encoder.cache=off"), 2));
        for (String client : List.of("c001", "c002", "c003")) {
            assertTrue(Files.isDirectory(owner(client).resolve("_fednano/features")), client);
            for (Path file : files(owner(client))) {
                for (String other : List.of("c001", "c002", "c003")) {
                    String content = Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1);
                    assertEquals(
                            other.equals(client) && content.contains(other), content.contains(other), file + other);
                }
            }
        }
    }

    @Test
    void tagsAndSwitchesChooseClients() throws IOException {
        moveOut();
        try (TinyCluster cluster = cluster(settings(threeOwners(), "run.client_tags=[eu, pilot]"))) {
            assertEquals(List.of("c001", "c002"), cluster.cluster.federation().clientIds());
        }
        String off = catalogue("clients { a { uri = /a, enabled = off, tags = [eu] }, b { uri = /b } }");
        try (TinyCluster cluster = cluster(settings(off))) {
            assertEquals(List.of("b"), cluster.cluster.federation().clientIds());
        }
        JobException e = assertThrows(JobException.class, () -> cluster(settings(off, "run.client_tags=[eu]")));
        SparkSession.active().stop();
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(e.getMessage().contains("[eu]") && e.getMessage().contains("run.client_tags"), e.getMessage());
    }

    @Test
    void aNewDatedFolderIsEncodedAloneAndUsedByTheNextRound() throws IOException {
        moveOut();
        TinyShards.write(folder.resolve("later"), 8, 6);
        try (TinyCluster cluster = cluster(settings(threeOwners()))) {
            assertEquals(3, cluster.cluster.prepare().made().size());
            cluster.trainUnchecked(1);
            TinyShards.moveOut(folder.resolve("later"), "c001", owner("c001").resolve("date=2026-01-31"));
            Survey before = cluster.cluster.refresh(List.of("c002", "c003"));
            assertEquals(List.of(), before.made(), "a round of others does not ask for it");
            Survey now = cluster.cluster.refresh(List.of("c001", "c002"));
            assertEquals(List.of("c001"), now.made());
            assertEquals(6 + 5, now.rows(), "the new folder's rows alone");
            assertEquals("2026-01-31", cluster.cluster.place("c001").newestData());
            cluster.rounds.clear();
            cluster.trainUnchecked(1);
            assertEquals(9 + 6, trainingRows(cluster.rounds.get(0), "c001"));
        }
    }

    private static long trainingRows(RoundResult round, String client) {
        return round.clients().stream()
                .filter(c -> c.clientId().equals(client))
                .findFirst()
                .orElseThrow()
                .trainingRows();
    }

    @Test
    void aWindowLeavesOutOtherDates() throws IOException {
        moveOut();
        TinyShards.write(folder.resolve("later"), 8, 6, 7, 8);
        TinyShards.moveOut(folder.resolve("later"), "c001", owner("c001").resolve("date=2026-01-30"));
        TinyShards.moveOut(folder.resolve("later"), "c002", owner("c001").resolve("date=2026-01-31"));
        TinyShards.moveOut(folder.resolve("later"), "c003", owner("c001").resolve("date=2026-02-01"));
        Settings january = settings(threeOwners(), "run.data_since=2026-01-31", "run.data_until=2026-01-31");
        try (TinyCluster cluster = cluster(january)) {
            assertEquals(
                    Map.of("c001", 9L + 7, "c002", 5L, "c003", 14L),
                    cluster.cluster.survey().trainingRows());
        }
        float[] cached = train(settings(threeOwners()), 1);
        assertArrayEquals(cached, train(settings(threeOwners(), "encoder.cache=off"), 1));
        for (String date : List.of("2026-01-30", "2026-01-31", "2026-02-01")) {
            Path dated = owner("c001").resolve("date=" + date);
            for (String split : List.of("train", "test")) {
                Path file = dated.resolve("split=" + split + "/part-00000.parquet");
                Files.move(file, owner("c001").resolve("split=" + split + "/part-" + date + ".parquet"));
            }
            Files.move(dated, folder.resolve("emptied-" + date));
        }
        assertArrayEquals(cached, train(settings(threeOwners()), 1), "the same rows in one folder");
        JobException e =
                assertThrows(JobException.class, () -> cluster(settings(threeOwners(), "run.data_until=yesterday")));
        SparkSession.active().stop();
        assertTrue(e.getMessage().contains("yesterday"), e.getMessage());
    }

    @Test
    void changedAndDamagedFeaturesAreMadeAgain() throws IOException {
        moveOut();
        float[] expected = train(settings(threeOwners()), 1);
        Path features = files(owner("c002").resolve("_fednano/features")).stream()
                .filter(p -> p.toString().endsWith("part-00000.parquet"))
                .findFirst()
                .orElseThrow();
        byte[] bytes = Files.readAllBytes(features);
        bytes[bytes.length / 2] ^= 1;
        Files.write(features, bytes);
        try (TinyCluster cluster = cluster(settings(threeOwners()))) {
            assertEquals(List.of("c002"), cluster.cluster.prepare().made());
            assertArrayEquals(expected, cluster.trainUnchecked(1));
        }
    }

    @Test
    void anOwnerInTroubleFailsAloneAndComesBack() throws IOException {
        moveOut();
        Path away = folder.resolve("away");
        Files.move(owner("c002"), away);
        try (TinyCluster cluster = cluster(settings(threeOwners()))) {
            Survey seen = cluster.cluster.prepare();
            assertEquals(List.of("c001", "c003"), seen.made());
            assertTrue(seen.troubles().get("c002").contains(owner("c002").toString()), seen.toString());
            cluster.trainUnchecked(1);
            var outcome = cluster.rounds.get(0).clients().get(1);
            assertEquals("FAILED", outcome.fate().name());
            assertEquals(seen.troubles().get("c002"), outcome.detail());
            assertEquals(Map.of(), cluster.cluster.refresh(List.of("c002")).troubles(), "nothing new");
            Files.move(away, owner("c002"));
            assertEquals(
                    List.of("c002"), cluster.cluster.refresh(List.of("c002")).made());
            cluster.rounds.clear();
            cluster.trainUnchecked(1);
            assertEquals(5, trainingRows(cluster.rounds.get(0), "c002"));
        }
    }

    @Test
    void eachOwnersOwnSettingsOpenItsFolderAndShowNowhere() throws IOException {
        float[] expected = train(TinyCluster.settings(folder), 1);
        moveOut();
        StringBuilder text = new StringBuilder();
        for (String client : List.of("c001", "c002", "c003")) {
            FakeVaultFileSystem.KEYS.put(owner(client).toString(), client + SECRET);
            text.append(
                    """
                    clients.%s { uri = "%s", hadoop { "fs.vault.impl" = %s, "fs.vault.secret.key" = %s } }
                    """
                            .formatted(
                                    client,
                                    FakeVaultFileSystem.uri(owner(client)),
                                    FakeVaultFileSystem.class.getName(),
                                    client + SECRET));
        }
        assertArrayEquals(expected, train(settings(catalogue(text.toString())), 1));
        assertEquals(openBefore, FakeVaultFileSystem.OPEN.get(), "file systems left open");

        FakeVaultFileSystem.KEYS.put(owner("c002").toString(), "changed");
        try (TinyCluster cluster = cluster(settings(catalogue(text.toString())))) {
            String trouble = cluster.cluster.prepare().troubles().get("c002");
            assertTrue(trouble.contains("Access denied") && trouble.contains("***"), trouble);
            assertFalse(trouble.contains(SECRET), trouble);
            cluster.trainUnchecked(1);
            assertFalse(cluster.rounds.toString().contains(SECRET));
            assertFalse(cluster.cluster.place("c002").toString().contains(SECRET));
            assertFalse(cluster.spark
                    .sparkContext()
                    .hadoopConfiguration()
                    .toString()
                    .contains(SECRET));
        }
        FakeVaultFileSystem.KEYS.clear();
    }

    @Test
    void anOwnerThatNeverAnswersDoesNotHoldUpTheOthers() throws IOException {
        moveOut();
        String file = threeOwners();
        Files.writeString(
                Path.of(file),
                "\nclients.c002 { uri = \"%s\", hadoop { \"fs.vault.impl\" = %s } }"
                        .formatted(FakeVaultFileSystem.uri(owner("c002")), FakeVaultFileSystem.class.getName()),
                java.nio.file.StandardOpenOption.APPEND);
        FakeVaultFileSystem.silent = owner("c002").toString();
        try (TinyCluster cluster = cluster(settings(file, "run.owner_timeout=1s"))) {
            Survey seen = cluster.cluster.prepare();
            assertEquals(List.of("c001", "c003"), seen.made());
            assertTrue(seen.troubles().get("c002").contains("run.owner_timeout = 1.0 s"), seen.toString());
            cluster.trainUnchecked(1);
            FakeVaultFileSystem.silent = "";
            assertEquals(
                    List.of("c002"), cluster.cluster.refresh(List.of("c002")).made());
        } finally {
            FakeVaultFileSystem.silent = "";
        }
    }

    @Test
    void anOwnerThatStallsDuringEvaluationFailsAlone() throws IOException {
        moveOut();
        String file =
                catalogue("clients { c001 { uri = \"%s\" }, c002 { uri = \"%s\", hadoop { \"fs.vault.impl\" = %s } } }"
                        .formatted(
                                owner("c001"),
                                FakeVaultFileSystem.uri(owner("c002")),
                                FakeVaultFileSystem.class.getName()));
        Settings settings = settings(file, "run.stall_timeout=1s");
        try (TinyCluster cluster = cluster(settings)) {
            cluster.train(1);
            var layout = TinyCluster.plan(settings, List.of("c001", "c002")).layout();
            FakeVaultFileSystem.silent = owner("c002").toString();
            EvaluateJob evaluation = cluster.cluster.evaluate(0, layout, new float[layout.size()]);
            assertEquals(List.of("c002"), List.copyOf(evaluation.failures().keySet()));
            assertTrue(
                    evaluation.failures().get("c002").contains("run.stall_timeout = 1.0 s"),
                    evaluation.failures().toString());
            assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
                while (FakeVaultFileSystem.OPEN.get() > openBefore) {
                    Thread.onSpinWait(); // until the interrupted thread has let go of its file system
                }
            });
        } finally {
            FakeVaultFileSystem.silent = "";
        }
    }

    @Test
    void aTableIsAsGoodAsAFile() throws IOException {
        moveOut();
        float[] expected = train(settings(threeOwners()), 1);
        Path table = folder.resolve("clients.parquet");
        SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", "false")
                .getOrCreate();
        spark.sql(Stream.of("c001", "c002", "c003", "c004")
                        .map(c ->
                                "SELECT '" + c + "' AS client_id, '" + owner(c) + "' AS uri, map('a.b', 'c') AS hadoop,"
                                        + " array('eu') AS tags, " + !c.equals("c004") + " AS enabled, 1 AS more")
                        .reduce((a, b) -> a + " UNION ALL " + b)
                        .orElseThrow())
                .write()
                .parquet(table.toString());
        spark.stop();
        assertArrayEquals(expected, train(settings(table.toString(), "run.client_tags=[eu]"), 1));
    }

    /** Catalogues that are refused, with what the message says. */
    private static final Map<String, List<String>> WRONG = Map.ofEntries(
            Map.entry("clients { a { uri = /a, hadoop { k = \"" + SECRET, List.of("clients.conf")),
            Map.entry(
                    "clients { a { uri = [" + SECRET + "] } }",
                    List.of("clients.conf: 1", "'uri' of client a", "text")),
            Map.entry("clients { a { uri = /a, enabled = " + SECRET + " } }", List.of("'enabled'", "on or off")),
            Map.entry("clients { a { url = " + SECRET + " } }", List.of("'url'", "uri")),
            Map.entry("clients { a { hadoop { k = " + SECRET + " } } }", List.of("'uri' of client a", "found none")),
            Map.entry(
                    "clients { a { uri = /a, hadoop { fs.k = " + SECRET + " } } }",
                    List.of("quoted", "'fs'", "client a")),
            Map.entry("clients { a { uri = /x }, b { uri = /x/y } }", List.of("a in file:/x/", "b in file:/x/y/")),
            Map.entry("clients { a { uri = /x }, b { uri = /x } }", List.of("a in file:/x/", "b in file:/x/")),
            Map.entry("clients { a { uri = \"s3a://b/\" }, b { uri = \"s3a://b/x\" } }", List.of("b in s3a://b/x/")),
            Map.entry("clients { a { uri = ${FEDNANO_NO_SUCH_VARIABLE} } }", List.of("FEDNANO_NO_SUCH_VARIABLE")),
            Map.entry("clients { \"a b\" { uri = /x } }", List.of("'a b'")),
            Map.entry("clients { a { uri = \"s3a://me:" + SECRET + "@bucket/x\" } }", List.of("must not hold")),
            Map.entry("clients { a { uri = \"s3a://me:" + SECRET + "@my_bucket/x\" } }", List.of("must not hold")),
            Map.entry("clients { a { uri = \"s3a://me:open/" + SECRET + "@bucket/x\" } }", List.of("must not hold")),
            Map.entry("clients {}", List.of("At least one client")));

    @Test
    void whatIsWrongIsSaidWithoutValues() throws IOException {
        SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", "false")
                .getOrCreate();
        for (Map.Entry<String, List<String>> wrong : WRONG.entrySet()) {
            Settings settings = settings(catalogue(wrong.getKey()));
            JobException e = assertThrows(JobException.class, () -> Federation.of(spark, settings), wrong.getKey());
            assertEquals(ExitStatus.BAD_INPUT, e.status(), e.getMessage());
            wrong.getValue().forEach(part -> assertTrue(e.getMessage().contains(part), e.getMessage()));
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                assertFalse(String.valueOf(cause.getMessage()).contains(SECRET), cause.toString());
            }
        }
        String azure = "abfss://box@store.dfs.core.windows.net/a";
        Settings fine =
                settings(catalogue("clients { a { uri = \"" + azure + "\" }, b { uri = \"hdfs://nn:8020/b\" } }"));
        assertEquals(azure, Federation.of(spark, fine).clients().get(0).rows());
        Settings without = TinyCluster.settings(folder, "run.client_tags=[eu]");
        JobException e = assertThrows(JobException.class, () -> Federation.of(spark, without));
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(e.getMessage().contains("run.client_tags"), e.getMessage());
        spark.stop();
    }

    @Test
    void rowsThatNobodyWouldReadAndOtherNamesOfDatesAreRefused() throws IOException {
        moveOut();
        Path stray = owner("c001").resolve("date=2026-01-31/part-0.parquet");
        Files.createDirectories(stray.getParent());
        Files.writeString(stray, "x");
        Files.createDirectories(owner("c002").resolve("date=20260131/split=train"));
        Files.move(owner("c003").resolve("split=test"), owner("c003").resolve("split=tests"));
        try (TinyCluster cluster = cluster(settings(threeOwners()))) {
            Map<String, String> troubles = cluster.cluster.survey().troubles();
            assertTrue(troubles.get("c001").contains(stray.toString()), troubles.toString());
            assertTrue(troubles.get("c002").contains("date=20260131"), troubles.toString());
            assertTrue(troubles.get("c003").contains("split=tests"), troubles.toString());
            JobException e = assertThrows(JobException.class, cluster.cluster::prepare);
            assertEquals(ExitStatus.BAD_INPUT, e.status());
            assertTrue(e.getMessage().contains("and of 2 more"), e.getMessage());
        }
    }

    @Test
    void aSplitOfAnyFolderCanBeEvaluated() throws IOException {
        moveOut();
        TinyShards.write(folder.resolve("later"), 8, 6);
        TinyShards.moveOut(folder.resolve("later"), "c001", owner("c001").resolve("date=2026-01-31"));
        Settings some = settings(threeOwners(), "eval.max_samples=7");
        try (TinyCluster cluster = cluster(some)) {
            cluster.cluster.prepare();
            var plan = TinyCluster.plan(some, cluster.cluster.federation().clientIds());
            EvaluateJob evaluation = cluster.cluster.evaluate(
                    0, plan.layout(), new float[plan.layout().size()]);
            assertEquals(
                    List.of(7, 5, 5),
                    evaluation.evaluations().stream()
                            .filter(r -> r.predictor().equals(EvaluationRow.MODEL)
                                    && r.category().equals(EvaluationRow.ALL)
                                    && r.split().equals(Split.TEST.text()))
                            .map(r -> r.samples())
                            .toList());
        }
    }
}
