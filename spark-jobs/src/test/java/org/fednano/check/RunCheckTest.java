package org.fednano.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.fednano.files.FaultInjector;
import org.fednano.runstore.RunStore;
import org.fednano.runstore.Runs;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are not just finished: of an earlier version, written to, killed, mixed with another's files. */
class RunCheckTest {

    @TempDir
    Path root;

    private Checkup look() {
        return FinishedRun.check(root).look();
    }

    private Checkup repair() {
        RunCheck check = FinishedRun.check(root);
        return check.repair(check.look(), f -> {});
    }

    private String only() {
        List<Finding> found = look().findings();
        assertEquals(1, found.size(), found::toString);
        return found.get(0).toString();
    }

    private Path table(String name) {
        return root.resolve("metrics/" + name);
    }

    /** Takes away what earlier versions did not write. */
    private void makeOlder() throws IOException {
        List<Path> all;
        try (Stream<Path> files = Files.walk(root)) {
            all = files.filter(Files::isRegularFile).toList();
        }
        for (Path file : all) {
            if (file.toString().contains("/published/")) {
                Files.delete(file);
            } else if (file.toString().endsWith(".json")) {
                String text = Files.readString(file);
                Files.writeString(
                        file,
                        text.replaceFirst(",\\s*\"sha256\" : \"[0-9a-f]{64}\"\\s*}\\s*$", "\n}\n")
                                .replaceFirst(",\\s*\"rows_kept\" : true", ""));
            }
        }
    }

    @Test
    void aRunOfAnEarlierVersionIsReadAndItsFilesWithoutAChecksumAreSaid() throws IOException {
        FinishedRun.make(root);
        makeOlder();
        assertFalse(Files.readString(root.resolve("run/run.json")).contains("sha256"));
        Checkup checkup = look();
        assertEquals(List.of(), checkup.findings());
        assertEquals(5, checkup.compared(), "rounds of three, clients of two: their commits say what they were");
        assertEquals(12, checkup.unrecorded());

        Path file = table("evaluations/run_id=run/round=1/part-test.parquet");
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        assertTrue(only().contains("round=1/part-test.parquet") && only().contains("evaluate --round 1"), only());
        Files.write(file, whole);
        Files.writeString(table("clients/run_id=run/round=1/part-00000.parquet"), "x");
        assertTrue(only().contains("clients/run_id=run/round=1") && only().contains("keeps no copy"), only());
        assertFalse(look().findings().get(0).isRepairable());
    }

    @Test
    void anOlderRunThatGoesOnKeepsItsNewRows() throws IOException {
        FinishedRun.make(root);
        makeOlder();
        try (RunStore store = Runs.open(root)) {
            store.commit(Runs.result(3));
        }
        assertEquals(List.of(), look().findings());
        Files.delete(table("rounds/run_id=run/round=3/part-00000.parquet"));
        assertTrue(only().contains("round=3"), only());
        assertEquals(List.of(), repair().findings());
    }

    @Test
    void aRunThatIsWrittenToIsLookedAtButForItsLastRoundAndNotRepaired() throws IOException {
        FinishedRun.make(root);
        try (RunStore store = Runs.open(root)) {
            store.commit(Runs.small(3));
            Files.createDirectories(root.resolve("run/staging/00004-x"));
            Files.delete(table("rounds/run_id=run/round=3/part-00000.parquet"));
            assertTrue(look().held());
            assertEquals(List.of(), look().findings());
            Files.delete(root.resolve("run/rounds/00001/adapter.safetensors"));
            assertTrue(only().startsWith("rounds/00001/adapter.safetensors"), only());
            JobException e = assertThrows(JobException.class, this::repair);
            assertEquals(ExitStatus.RUN_HELD, e.status());
        }
    }

    @Test
    void whatAKilledCallLeftIsNamedAndCleared() throws IOException {
        FinishedRun.make(root);
        Map<String, String> before = Runs.published(root);
        boolean[] dead = new boolean[1];
        FaultInjector killed = (step, path) -> {
            dead[0] = dead[0] || path.toString().contains("/published/");
            if (dead[0]) {
                throw new IOException("killed");
            }
        };
        RunStore store = Runs.open(Runs.Layer.LOCAL, root, killed);
        assertThrows(UncheckedIOException.class, () -> store.commit(Runs.small(3)));
        Runs.bury(root);
        Files.createDirectories(root.resolve("run/staging/00004-x"));
        Files.writeString(root.resolve("run/staging/00004-x/adapter.safetensors"), "half");
        Path old = Files.writeString(root.resolve("run/.tmp-last.json-1"), "half");
        Files.setLastModifiedTime(old, java.nio.file.attribute.FileTime.fromMillis(1));
        String found = look().findings().toString();
        assertTrue(found.contains("rounds/00003/metrics: "), found);
        assertTrue(found.contains("staging: ") && found.contains(".tmp-last.json-1: "), found);
        assertEquals(List.of(), repair().findings());
        assertFalse(Files.exists(old) || Files.exists(root.resolve("run/staging")));
        assertTrue(Runs.published(root).entrySet().containsAll(before.entrySet()));
    }

    @Test
    void rowsOfOthersAreNotTouched() throws IOException {
        FinishedRun.make(root);
        Path own = table("clients/run_id=run/round=1/part-00000.parquet");
        Path foreign = Files.copy(own, own.resolveSibling("part-00001.parquet"));
        assertTrue(only().contains(foreign.toString()), only());
        assertEquals(1, repair().findings().size());
        assertTrue(Files.exists(foreign), "whoever put it there decides");
        Files.delete(foreign);

        Path later = Files.createDirectories(table("clients/run_id=run/round=7"));
        Files.copy(own, later.resolve("part-00000.parquet"));
        assertTrue(only().contains("it has no round 7"), only());
        Files.delete(later.resolve("part-00000.parquet"));

        Path note = table("_runs/run.json");
        Files.writeString(note, "{\"format\":1,\"run_id\":\"run\",\"run_uuid\":\"another\",\"run_dir\":\"file:/x\"}");
        Files.write(own, new byte[3]);
        assertTrue(only().contains("another run of this name"), only());
        assertEquals(1, repair().findings().size());
        assertEquals(3, Files.size(own), "rows of another run are not repaired by this one's");
    }

    @Test
    void whatNobodyKnowsIsNotRepaired() throws IOException {
        FinishedRun.make(root);
        Files.write(table("clients/run_id=run/round=2/part-00000.parquet"), new byte[9]);
        try (Stream<Path> copies = Files.list(root.resolve("run/rounds/00002/published"))) {
            Path copy = copies.filter(f -> f.getFileName().toString().startsWith("clients"))
                    .findFirst()
                    .orElseThrow();
            Files.write(copy, new byte[9]);
        }
        Files.write(table("clients/run_id=run/round=1/part-00000.parquet"), new byte[9]);
        List<Finding> left = repair().findings();
        assertEquals(2, left.size(), left::toString);
        assertTrue(left.stream().noneMatch(Finding::isRepairable), left::toString);
        assertTrue(left.stream().allMatch(f -> f.toString().contains("clients")), left::toString);
    }

    @Test
    void tablesThatAreGoneArePublishedAgain() throws IOException {
        FinishedRun.make(root);
        Map<String, String> before = Runs.published(root);
        try (Stream<Path> all = Files.walk(root.resolve("metrics"))) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }
        assertEquals(before.size() + 1, look().findings().size(), "and the note of the run's name");
        assertEquals(List.of(), repair().findings());
        assertEquals(before, Runs.published(root));
    }

    @Test
    void tablesThatLieElsewhereAreNotMadeAgainInTheWrongPlace() throws IOException {
        FinishedRun.make(root);
        Files.move(root.resolve("metrics"), root.resolve("elsewhere"));
        assertTrue(only().contains("--set run.metrics_dir="), only());
        assertEquals(1, repair().findings().size());
        assertFalse(Files.exists(root.resolve("metrics")));
        Files.createDirectory(root.resolve("metrics"));
        assertEquals(List.of(), repair().findings());
    }

    @Test
    void foldersThatAreNoRunAndRunsWithoutARound() throws IOException {
        for (String name : List.of("nowhere", "run")) {
            JobException e = assertThrows(JobException.class, this::look);
            assertEquals(ExitStatus.BAD_INPUT, e.status());
            assertTrue(e.getMessage().contains("no run.json"), e.getMessage());
            Files.createDirectories(root.resolve("run"));
        }
        Runs.open(root).close();
        assertEquals(List.of(), look().findings());
        Files.createDirectories(root.resolve("run/rounds"));
        Files.writeString(root.resolve("run/rounds/00000"), "a file");
        assertTrue(look().findings().toString().contains("rounds/00000"), look()::toString);
    }
}
