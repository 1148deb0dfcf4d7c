package org.fednano.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.SparkException;
import org.fednano.cli.CommandResult;
import org.fednano.runstore.LastCommand;
import org.fednano.runstore.RunReader;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.SettingsOptions;
import org.fednano.spark.TinyShards;
import org.fednano.testing.TinyModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Whatever ends a call on a run, {@code last.json} says it. */
class CommandLogTest {

    @TempDir
    Path folder;

    @BeforeEach
    void aRunOfOneRound() throws IOException {
        System.setProperty("spark.master", "local[2]");
        System.setProperty("spark.ui.enabled", "false");
        TinyModel.write(folder.resolve("model"), 7);
        TinyShards.write(folder.resolve("shards"), 7, 4, 3);
        assertEquals(0, call("train"));
    }

    @AfterEach
    void clear() {
        System.clearProperty("spark.master");
        System.clearProperty("spark.ui.enabled");
    }

    private int call(String command, String... more) {
        List<String> sets = List.of(
                "model.dir=" + folder.resolve("model"),
                "run.shards=" + folder.resolve("shards"),
                "run.dir=" + folder.resolve("run"),
                "run.metrics_dir=" + folder.resolve("metrics"),
                "run.rounds=1",
                "adapter.rank=2");
        return CommandResult.command(command, sets, more).status();
    }

    private LastCommand last() {
        return RunReader.open(folder.resolve("run").toString(), new Configuration())
                .lastCall()
                .orElseThrow();
    }

    @Test
    void nothingToDoKeepsTheAccuracy() throws IOException {
        Double accuracy = last().accuracy();
        assertNotNull(accuracy);
        for (String command : List.of("round", "train", "round")) {
            // A killed call leaves no word, and the next one must not depend on it.
            Files.delete(folder.resolve("run/last.json"));
            assertEquals(0, call(command));
            assertEquals(accuracy, last().accuracy());
            assertEquals(1, last().lastRound());
        }
        assertEquals("nothing to do", last().message());
        assertEquals(0, call("round", "--set", "run.rounds=2", "--set", "eval.every=0"));
        assertEquals(2, last().lastRound());
        assertEquals(1, last().evaluatedRound(), "round 2 was not evaluated");
        assertEquals(accuracy, last().accuracy());
    }

    @Test
    void refusalsBeforeTheRunIsOpenedAreTold() throws IOException {
        Double accuracy = last().accuracy();
        ends(2, "run.rounds", "train", "--set", "run.rounds=two");
        ends(2, "run.roundz", "round", "--set", "run.roundz=2");
        ends(2, "run.rounds", "train", "--rounds", "-1");
        ends(2, "adapter.rank", "train", "--set", "adapter.rank=4");
        ends(2, "--bogus", "train", "--bogus");
        ends(2, "--rounds", "train", "--rounds", "x");
        ends(2, "another", "round", "another");
        System.setProperty("fednano.check", "true"); // as the entry script asks, before Spark
        try {
            ends(2, "run.epochs", "round", "--set", "run.epochs=3");
            ends(2, "--rounds", "train", "--rounds=y");
            LastCommand refused = last();
            assertEquals(0, call("train"));
            assertEquals(100, call("train", "--help"));
            assertEquals(2, call("train", "--dry-run", "--set", "run.epochs=3"));
            assertEquals(2, call("evaluate", "--set", "run.epochs=3"));
            assertEquals(refused, last(), "nothing was called that leaves word");
        } finally {
            System.clearProperty("fednano.check");
        }
        String more = "run.rounds=2"; // with nothing to do a round asks for none of these
        String endpoint = "llm.endpoints=grpc://127.0.0.1:1";
        ends(5, "127.0.0.1", "round", "--set", more, "--set", endpoint, "--set", "llm.tries=1");
        ends(3, "nowhere", "round", "--set", more, "--set", "run.shards=" + folder.resolve("nowhere"));
        ends(3, "nowhere", "round", "--set", more, "--set", "model.dir=" + folder.resolve("nowhere"));
        assertEquals(1, last().lastRound());
        assertEquals(accuracy, last().accuracy());
    }

    /** For tests: a disk under a folder of the local one, in the place of a cluster's store. */
    public static final class FakeElsewhere extends RawLocalFileSystem {

        static final String ROOT = "fs.elsewhere.root";

        @Override
        public URI getUri() {
            return URI.create("elsewhere:///");
        }

        @Override
        public String getScheme() {
            return "elsewhere";
        }

        @Override
        public File pathToFile(org.apache.hadoop.fs.Path path) {
            return new File(getConf().get(ROOT) + path.toUri().getPath());
        }
    }

    @Test
    void aRunWhereTheDefaultFileSystemIsNotTheDiskIsTold() throws IOException {
        Path run = folder.resolve("run");
        Path there = folder.resolve("elsewhere" + run);
        Files.createDirectories(there.getParent());
        Files.move(run, there);
        Map<String, String> settings = Map.of(
                "spark.hadoop.fs.defaultFS",
                "elsewhere:///",
                "spark.hadoop.fs.elsewhere.impl",
                FakeElsewhere.class.getName(),
                "spark.hadoop." + FakeElsewhere.ROOT,
                folder.resolve("elsewhere").toString());
        settings.forEach(System::setProperty);
        try {
            assertEquals(2, call("round", "--bogus"));
        } finally {
            settings.keySet().forEach(System::clearProperty);
        }
        assertFalse(Files.exists(run));
        Files.move(there, run);
        assertTrue(last().message().contains("--bogus"), last().message());
    }

    private void ends(int status, String named, String command, String... more) {
        assertEquals(status, call(command, more));
        assertEquals(status, last().status().code());
        assertEquals(command, last().command());
        assertTrue(last().message().contains(named), last().message());
    }

    @Test
    void errorsAreToldAndPassedOn() {
        for (Error error :
                List.of(new OutOfMemoryError("heap"), new StackOverflowError(), new NoClassDefFoundError("a/B"))) {
            assertThrows(
                    error.getClass(),
                    () -> record(() -> {
                        throw error;
                    }));
            assertEquals(ExitStatus.FAILED, last().status());
            assertTrue(last().message().contains(error.getClass().getSimpleName()), last().message());
        }
    }

    @Test
    void sparksCheckedExceptionsAreToldToo() {
        assertThrows(
                SparkException.class, () -> record(() -> CommandLogTest.thrown(new SparkException("job aborted"))));
        assertEquals(ExitStatus.FAILED, last().status());
        assertTrue(last().message().contains("job aborted"), last().message());
    }

    /** Throws it unannounced, as Scala does. */
    @SuppressWarnings("unchecked")
    private static <E extends Throwable> String thrown(Throwable checked) throws E {
        throw (E) checked;
    }

    @Test
    void aCallThatIsRefusedForAnotherWriterLeavesThatOnesWord() {
        LastCommand before = last();
        assertThrows(
                JobException.class,
                () -> record(() -> {
                    throw new JobException(ExitStatus.RUN_HELD, "held");
                }));
        assertEquals(before, last());
    }

    @Test
    void nothingIsLeftWhereNoRunHasBegunOrItsFolderIsUnknown() throws IOException {
        String elsewhere = "run.dir=" + folder.resolve("elsewhere");
        assertEquals(2, call("train", "--set", elsewhere, "--set", "run.rounds=two"));
        assertFalse(Files.exists(folder.resolve("elsewhere")));
        LastCommand before = last();
        Path broken = Files.writeString(folder.resolve("broken.conf"), "run.dir = ");
        assertEquals(
                2,
                CommandResult.command("train", List.of(), "--conf", broken.toString())
                        .status());
        assertEquals(before, last());
    }

    private void record(Supplier<String> work) {
        SettingsOptions options = CommandLine.populateCommand(
                new SettingsOptions(), "--set", "run.dir=" + folder.resolve("run"), "--set", "run.rounds=wrong");
        CommandLog.record("train", options, work);
    }
}
