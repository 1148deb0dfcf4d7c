package org.fednano.runstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import org.fednano.digest.Sha256;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders that are not this run's, or no longer whole: refused with status, place and way out, and left as they were. */
class RunRefusalTest {

    @TempDir
    Path root;

    private void begin(int rounds) {
        try (RunStore store = Runs.open(root)) {
            Runs.train(store, rounds);
        }
    }

    private void refused(ExitStatus status, Executable call, String... says) {
        SortedSet<String> before = Runs.files(root, true);
        JobException e = assertThrows(JobException.class, call);
        assertEquals(status, e.status(), e.getMessage());
        for (String text : says) {
            assertTrue(e.getMessage().contains(text), text + " expected in: " + e.getMessage());
        }
        assertEquals(before, Runs.files(root, true), "a refused call writes nothing");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "adapter.rank=4",
                "adapter.alpha=8",
                "run.strategy=fedavg",
                "run.seed=2",
                "run.quorum=0.5",
                "run.clients_per_round=2",
                "optimizer.name=sgd",
                "local.epochs=2",
                "merger.floor=0.01",
                "fisher.samples=3",
                "prompt.template=x",
                "encoder.batch_size=4"
            })
    void anotherMethod(String set) {
        begin(0);
        String key = set.substring(0, set.indexOf('='));
        refused(
                ExitStatus.USAGE,
                () -> Runs.open(root, set),
                key + ": expected ",
                "--set " + key,
                "run.json",
                "run.dir");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run.rounds=99",
                "eval.every=0",
                "eval.splits=[test]",
                "eval.max_samples=5",
                "gateway.client_deadline=5s",
                "engine.threads=1",
                "encoder.cache=off",
                "adapter.alpha=16.0",
                "prepare.seed=5"
            })
    void whatIsNotTheMethodMayChange(String set) {
        begin(0);
        try (RunStore store = Runs.open(root, set)) {
            Runs.train(store, 1);
        }
    }

    @Test
    void anotherModelOrOtherShards() {
        begin(0);
        var spec = Runs.spec(root, new Fingerprints("llm-2", "encoder-1", "shards-1"));
        refused(
                ExitStatus.BAD_INPUT,
                () -> RunStore.open(spec, Runs.HADOOP),
                "LLM",
                "expected fingerprint llm-1",
                "found llm-2",
                "model.dir");
        var shards = Runs.spec(root, new Fingerprints("llm-1", "encoder-1", "shards-2"), "run.shards=elsewhere");
        refused(
                ExitStatus.BAD_INPUT,
                () -> RunStore.open(shards, Runs.HADOOP),
                "shards-1",
                "work/shards",
                "shards-2",
                "elsewhere",
                "run.shards");
    }

    @Test
    void aFolderOfSomethingElse() throws IOException {
        Files.createDirectories(root.resolve("run"));
        Files.writeString(root.resolve("run/thesis.txt"), "mine");
        refused(ExitStatus.USAGE, () -> Runs.open(root), "no run.json", "thesis.txt", "run.dir");
        refused(ExitStatus.BAD_INPUT, () -> Runs.reader(root), "no run.json", "run.dir");
    }

    @Test
    void aNewerFormat() throws IOException {
        begin(0);
        Path file = root.resolve("run/run.json");
        Files.writeString(file, Files.readString(file).replace("\"format\" : 1", "\"format\" : 2"));
        refused(ExitStatus.BAD_INPUT, () -> Runs.open(root), "format from 1 to 1", "found 2", "newer version");
        refused(ExitStatus.BAD_INPUT, () -> Runs.reader(root), "newer version");
    }

    @Test
    void aDamagedAdapter() throws IOException {
        begin(1);
        Path file = root.resolve("run/rounds/00001/adapter.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        String expected = Runs.reader(root).commit(1).adapterSha256();
        refused(
                ExitStatus.BAD_INPUT,
                () -> Runs.reader(root).adapter(1),
                "adapter.safetensors",
                "expected SHA-256 " + expected,
                "found " + Sha256.of(bytes));
        Files.delete(file);
        refused(ExitStatus.BAD_INPUT, () -> Runs.reader(root).adapter(1), "over 0 bytes");
    }

    @Test
    void aRunWithAHole() throws IOException {
        begin(2);
        Files.move(root.resolve("run/rounds/00001"), root.resolve("away"));
        JobException e = assertThrows(JobException.class, () -> Runs.open(root));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains("Rounds 0 to 2 expected"), e.getMessage());
        // The refusal released the lease: with the round back the run goes on.
        Files.move(root.resolve("away"), root.resolve("run/rounds/00001"));
        Runs.open(root).close();
    }

    @Test
    void roundsOfAnotherRun(@TempDir Path other) throws IOException {
        begin(1);
        try (RunStore store = Runs.open(other)) {
            Runs.train(store, 1);
        }
        Path commit = root.resolve("run/rounds/00001/commit.json");
        Files.copy(
                other.resolve("run/rounds/00001/commit.json"),
                commit,
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        JobException e = assertThrows(JobException.class, () -> Runs.open(root));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains("mixed"), e.getMessage());
    }

    @Test
    void aNameInTheMetricTablesThatAnotherRunHas() throws IOException {
        begin(0);
        String dir = "run.dir=" + root.resolve("second/run");
        refused(ExitStatus.USAGE, () -> Runs.open(root, dir), "Run id 'run'", "run.id", "_runs/run.json");
        assertFalse(Files.exists(root.resolve("second")));
        Runs.open(root, dir, "run.id=other").close();
    }

    @Test
    void aNameThatFitsNoPath() {
        refused(ExitStatus.USAGE, () -> Runs.open(root, "run.id=a/b"), "'a/b'", "run.id");
        Runs.open(root, "run.id=first").close();
        refused(ExitStatus.USAGE, () -> Runs.open(root, "run.id=second"), "must be 'first'", "found 'second'");
    }

    @Test
    void aRoundThatIsNotThere() {
        begin(1);
        refused(ExitStatus.BAD_INPUT, () -> Runs.reader(root).adapter(7), "Round 7 expected", "rounds 0 to 1");
    }

    @Test
    void foldersThatCannotBe() throws IOException {
        String inAFile = Files.writeString(root.resolve("file"), "no folder") + "/x";
        refused(ExitStatus.USAGE, () -> Runs.open(root, "run.dir=" + inAFile), inAFile, "run.dir");
        JobException e = assertThrows(JobException.class, () -> Runs.open(root, "run.metrics_dir=" + inAFile));
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(e.getMessage().contains(inAFile) && e.getMessage().contains("run.metrics_dir"), e.getMessage());
        Runs.open(root).close(); // goes on with one that can be written
        for (String key : List.of("run.dir", "run.metrics_dir")) {
            refused(ExitStatus.USAGE, () -> Runs.open(root, key + "=foo://x/y", "run.id=run"), "foo://x/y", "scheme");
        }
    }
}
