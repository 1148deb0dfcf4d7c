package org.fednano.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.fednano.check.FinishedRun;
import org.fednano.runstore.RunStore;
import org.fednano.runstore.Runs;
import org.fednano.spark.FakeVaultFileSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code fednano check} as a person calls it, on runs whose folders have blanks in their names. */
class CheckCommandTest {

    private static final String VAULT = "spark.hadoop.fs.vault.impl";

    @TempDir
    Path folder;

    private Path root;

    @BeforeEach
    void aRun() throws IOException {
        System.setProperty(VAULT, FakeVaultFileSystem.class.getName());
        root = Files.createDirectory(folder.resolve("two words"));
        FinishedRun.make(root);
    }

    @AfterEach
    void clear() {
        System.clearProperty(VAULT);
    }

    private static CommandResult check(int status, List<String> sets, String... words) {
        CommandResult ended = CommandResult.command("check", sets, words);
        assertEquals(status, ended.status(), ended::toString);
        return ended;
    }

    @Test
    void soundBrokenAndRepaired() throws IOException {
        String run = root.resolve("run").toString();
        assertTrue(check(0, List.of(), run).output().contains(": all sound"));
        check(0, List.of("run.dir=" + run));
        check(0, List.of(), run, "--repair");
        assertEquals(1, Runs.leases(root).size(), "a sound run is left alone");

        Map<String, String> tables = Runs.published(root);
        String lost = "clients/run_id=run/round=1/part-00000.parquet";
        Files.delete(root.resolve("metrics/" + lost));
        CommandResult broken =
                check(3, List.of(), root.resolve("run").toUri().toString().replace("%20", " "));
        assertTrue(broken.output().contains("broken: ") && broken.output().contains(lost), broken::output);
        assertTrue(broken.errors().contains("--repair"), broken::errors);
        CommandResult repaired = check(0, List.of(), "--repair", run);
        assertTrue(repaired.output().contains("repaired: ") && repaired.output().contains(lost), repaired::output);
        assertEquals(tables, Runs.published(root));

        Files.delete(root.resolve("run/rounds/00001/adapter.safetensors"));
        Files.delete(root.resolve("metrics/" + lost));
        CommandResult half = check(3, List.of(), "--repair", run);
        assertTrue(half.output().contains("cannot be repaired: rounds/00001/adapter.safetensors"), half::output);
        assertEquals(tables, Runs.published(root));
    }

    @Test
    void onAnObjectStore() throws IOException {
        Map<String, String> tables = Runs.published(root);
        String run = FakeVaultFileSystem.uri(root.resolve("run"));
        List<String> there = List.of("run.metrics_dir=" + FakeVaultFileSystem.uri(root.resolve("metrics")));
        check(0, there, run);
        Path file = root.resolve("metrics/evaluations/run_id=run/round=2/part-test.parquet");
        Files.write(file, new byte[5]);
        assertTrue(check(3, there, run).output().contains("vault:"));
        check(0, there, run, "--repair");
        assertEquals(tables, Runs.published(root));
    }

    @Test
    void refusesWhatItCannotCheck() throws IOException {
        check(3, List.of(), folder.resolve("nowhere").toString());
        check(3, List.of(), folder.toString());
        check(3, List.of(), root.resolve("run/run.json").toString());
        check(2, List.of(), "");
        check(2, List.of(), "nosuch://host/run");
        check(2, List.of(), root.resolve("run").toString(), "another");
        check(2, List.of("run.metrics_dri=x"), root.resolve("run").toString());
        try (RunStore writer = Runs.open(root)) {
            writer.checkHeld();
            assertTrue(
                    check(0, List.of(), root.resolve("run").toString()).output().contains("another call writes"));
            Files.createDirectories(root.resolve("run/staging/00003"));
            check(0, List.of(), root.resolve("run").toString());
            Files.delete(root.resolve("run/last.json"));
            Files.writeString(root.resolve("run/last.json"), "{");
            CommandResult held = check(6, List.of(), root.resolve("run").toString(), "--repair");
            assertTrue(held.errors().contains("one writer"), held::errors);
        }
        assertFalse(check(3, List.of(), root.resolve("run").toString()).output().contains("another call writes"));
    }
}
