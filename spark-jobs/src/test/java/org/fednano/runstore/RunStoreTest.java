package org.fednano.runstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.fednano.files.FaultInjector;
import org.fednano.metrics.RoundMetrics;
import org.fednano.metrics.Rows;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RunStoreTest {

    @TempDir
    Path root;

    @ParameterizedTest
    @EnumSource(Runs.Layer.class)
    void roundsAreCommittedAndReadAgain(Runs.Layer layer) throws IOException {
        try (RunStore store = Runs.open(layer, root, FaultInjector.NONE)) {
            assertEquals(OptionalInt.empty(), store.lastCommitted());
            Runs.train(store, 1);
        }
        try (RunStore store = Runs.open(layer, root, FaultInjector.NONE)) {
            assertEquals(OptionalInt.of(1), store.lastCommitted());
            Runs.train(store, 2);
        }
        RunReader reader = Runs.reader(root);
        assertEquals(List.of(0, 1, 2), reader.rounds());
        AdapterFile adapter = reader.adapter(2);
        assertArrayEquals(Runs.adapter(2).theta(), adapter.theta());
        assertEquals(Runs.LAYOUT, adapter.layout());
        assertEquals(2, adapter.round());
        Commit commit = reader.commit(2);
        assertEquals(1, commit.parentRound());
        assertEquals(reader.commit(1).adapterSha256(), commit.parentSha256());
        assertEquals(List.of("c001", "c002"), commit.acceptedClients());
        assertEquals(null, reader.commit(0).parentRound());
        assertEquals(Runs.expected(2), Runs.published(root));
    }

    @Test
    void folderHoldsWhatTheDesignSaysAndNothingElse() throws IOException {
        try (RunStore store = Runs.open(root)) {
            Runs.train(store, 1);
        }
        assertEquals(
                List.of(
                        "lease/00000001.json",
                        "rounds/00000/adapter.safetensors",
                        "rounds/00000/commit.json",
                        "rounds/00001/adapter.safetensors",
                        "rounds/00001/commit.json",
                        "run.json"),
                Runs.files(root.resolve("run"), true).stream()
                        .filter(name -> !name.contains("/published/"))
                        .toList());
        assertEquals(
                Runs.published(root).values().stream().sorted().toList(),
                Runs.files(root.resolve("run"), true).stream()
                        .filter(name -> name.contains("/published/"))
                        .map(name -> name.replaceAll(".*-([0-9a-f]{64}).parquet", "$1"))
                        .sorted()
                        .toList());
        assertFalse(Files.exists(root.resolve("run/staging")));
        assertTrue(Runs.files(root.resolve("metrics"), true).stream().noneMatch(n -> n.contains(".crc")));
    }

    @Test
    void sameAdapterGivesTheSameBytesWhereverItIsCommitted(@TempDir Path other) throws IOException {
        for (Path at : List.of(root, other)) {
            try (RunStore store = Runs.open(at)) {
                Runs.train(store, 1);
            }
        }
        String file = "run/rounds/00001/adapter.safetensors";
        assertArrayEquals(Files.readAllBytes(root.resolve(file)), Files.readAllBytes(other.resolve(file)));
    }

    @Test
    void onlyTheNextRoundCanBeCommitted() {
        try (RunStore store = Runs.open(root)) {
            Runs.train(store, 0);
            assertThrows(IllegalArgumentException.class, () -> store.commit(Runs.result(0)));
            assertThrows(IllegalArgumentException.class, () -> store.commit(Runs.result(2)));
        }
    }

    @Test
    void runJsonTellsHowToRepeatTheRun() {
        try (RunStore store = Runs.open(root, "adapter.rank=4", "prompt.template={image}\n{question}")) {
            RunInfo info = store.reader().info();
            assertEquals("run", info.runId());
            assertEquals(Runs.PRINTS, info.fingerprints());
            assertEquals(Map.of("java", "17"), info.versions());
            Settings.Resolved rank = info.settings().get("adapter.rank");
            assertEquals("4", rank.value());
            assertTrue(rank.origin().startsWith("--set adapter.rank"), rank.origin());
            assertEquals(
                    "\"1800s\"", info.settings().get("gateway.client_deadline").value());
            Settings again = Settings.load(List.of(), info.sets());
            assertEquals(4, again.get(MethodKeys.RANK));
            assertEquals("{image}\n{question}", again.get(org.fednano.settings.ModelKeys.PROMPT));
        }
    }

    @Test
    void evaluationsOfACommittedRoundReplaceThoseOfTheSameSplit() throws IOException {
        try (RunStore store = Runs.open(root)) {
            Runs.train(store, 1);
            RunReader reader = store.reader();
            String metrics = root.resolve("metrics").toString();
            var rows = List.of(Rows.evaluation("c001", "test", "", "model", 77));
            reader.publish(metrics, 1, RoundMetrics.evaluation(rows, List.of()));
            reader.publish(metrics, 1, RoundMetrics.evaluation(rows, List.of()));
            Map<String, String> published = Runs.published(root);
            assertEquals(Runs.expected(1).keySet(), published.keySet());
            String changed = "evaluations/run_id=run/round=1/part-test.parquet";
            assertFalse(Runs.expected(1).get(changed).equals(published.get(changed)));
            JobException e = assertThrows(
                    JobException.class, () -> reader.publish(metrics, 5, RoundMetrics.evaluation(rows, List.of())));
            assertEquals(ExitStatus.BAD_INPUT, e.status());
            assertTrue(e.getMessage().contains("rounds 0 to 1"), e.getMessage());
        }
    }

    @Test
    void attemptsThatMissedTheirQuorumAreCountedAndPublishedByTheNextCallIfAKillCameBetween() throws IOException {
        String first = "clients/run_id=run/round=1/part-attempt-00001.parquet";
        try (RunStore store = Runs.open(root)) {
            Runs.train(store, 0);
            store.missed(attempt -> {
                assertEquals(1, attempt);
                return List.of(Rows.failed("c001"));
            });
        }
        assertTrue(Runs.published(root).containsKey(first));
        Files.delete(root.resolve("metrics/" + first));
        try (RunStore store = Runs.open(root)) {
            assertTrue(Runs.published(root).containsKey(first));
            store.missed(attempt -> {
                assertEquals(2, attempt);
                return List.of(Rows.failed("c001"));
            });
            Runs.train(store, 1);
        }
        assertEquals(Runs.expected(1).size() + 2, Runs.published(root).size());
    }

    @Test
    void lastCallIsReplacedAndWritesNothingWhereNoRunHasBegun() {
        String dir = root.resolve("run").toString();
        var held = new LastCommand("train", ExitStatus.RUN_HELD, null, null, null, "held", Instant.EPOCH);
        held.write(dir, Runs.HADOOP);
        assertFalse(Files.exists(root.resolve("run")));
        Runs.open(root).close();
        var done = new LastCommand("train", ExitStatus.DONE, 3, 2, 0.75, "3 rounds", Instant.EPOCH);
        held.write(dir, Runs.HADOOP);
        assertEquals(held, Runs.reader(root).lastCall().orElseThrow());
        done.write(dir, Runs.HADOOP);
        assertEquals(done, Runs.reader(root).lastCall().orElseThrow());
    }

    @Test
    void secretsAreRedactedAndTokenCountsAreNot() {
        assertEquals("\"(redacted)\"", RunJson.redact("endpoint.token", "\"abc\""));
        assertEquals("\"(redacted)\"", RunJson.redact("endpoint.client_secret", "\"abc\""));
        assertEquals("\"(redacted)\"", RunJson.redact("store.password", "\"abc\""));
        assertEquals("512", RunJson.redact("prompt.max_tokens", "512"));
        assertEquals("\"https://(redacted)@host/x\"", RunJson.redact("endpoint.url", "\"https://me:pass@host/x\""));
        assertEquals(
                "\"abfs://box@host/x\"".replace("box", "(redacted)"), RunJson.redact("x", "\"abfs://box@host/x\""));
    }
}
