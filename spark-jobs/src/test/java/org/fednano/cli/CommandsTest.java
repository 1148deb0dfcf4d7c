package org.fednano.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.fednano.settings.Commands;
import org.fednano.spark.TinyShards;
import org.fednano.testing.TestTerminal;
import org.fednano.testing.TinyModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands as a person calls them, on a tiny untrained model and three small clients. */
class CommandsTest {

    @TempDir
    Path folder;

    private String output;
    private String errors;
    private String shown;

    @BeforeEach
    void world() throws IOException {
        System.setProperty("spark.master", "local[2]");
        System.setProperty("spark.ui.enabled", "false");
        TinyModel.write(folder.resolve("model"), 7);
        TinyShards.write(folder.resolve("shards"), 7, 9, 5, 12);
    }

    @AfterEach
    void clear() {
        System.clearProperty("spark.master");
        System.clearProperty("spark.ui.enabled");
    }

    private List<String> sets() {
        return List.of(
                "model.dir=" + folder.resolve("model"),
                "run.shards=" + folder.resolve("shards"),
                "run.dir=" + folder.resolve("run"),
                "run.metrics_dir=" + folder.resolve("metrics"),
                "adapter.rank=2",
                "engine.threads=1",
                "local.batch_size=4");
    }

    private int run(String command, String... more) {
        CommandResult ran = CommandResult.command(command, sets(), more);
        output = ran.output();
        errors = ran.errors();
        shown = ran.shown();
        return ran.status();
    }

    private byte[] adapter(String run, int round) throws IOException {
        return Files.readAllBytes(folder.resolve(run + String.format("/rounds/%05d/adapter.safetensors", round)));
    }

    @Test
    void trainsEvaluatesAndExports() throws IOException {
        assertEquals(0, run("train", "--rounds", "2"), () -> errors);
        assertTrue(output.contains("zero-shot"), output);
        assertTrue(output.contains("round  2/2  3/3 clients  loss "), output);
        assertTrue(output.contains("majority answer"), output);
        assertTrue(Files.readString(folder.resolve("run/last.json")).contains("\"done\""));

        assertEquals(0, run("train", "--rounds", "2"), () -> errors);
        assertFalse(output.contains("3/3 clients"), "nothing to do: " + output);

        assertEquals(0, run("evaluate", "--round", "1"), () -> errors);
        assertTrue(output.contains("round 1"), output);

        assertEquals(0, run("export", "--out", folder.resolve("out").toString()), () -> errors);
        assertTrue(shown.contains("exporting to " + folder.resolve("out") + "  0:0"), shown);
        assertArrayEquals(adapter("run", 2), Files.readAllBytes(folder.resolve("out/adapter.safetensors")));
    }

    @Test
    void comparesPredictsAndDoesOneRound() throws IOException {
        assertEquals(
                0, run("compare", "--strategies", "fedavg,fednano", "--seeds", "1,2", "--rounds", "1"), () -> errors);
        assertTrue(output.contains("fednano, seed 2"), output);
        assertTrue(output.lines().anyMatch(l -> l.startsWith("fedavg ") && l.contains("±")), output);
        assertEquals(
                1 + 4 * 2,
                Files.readAllLines(folder.resolve("run/comparison.csv")).size());
        byte[] compared = adapter("run/fednano-s2", 1);

        String one = "run.dir=" + folder.resolve("one");
        assertEquals(0, run("round", "--set", "run.seed=2", "--set", "run.rounds=1", "--set", one), () -> errors);
        assertArrayEquals(compared, adapter("one", 1));
        assertEquals(0, run("round", "--set", "run.seed=2", "--set", "run.rounds=1", "--set", one), () -> errors);
        assertTrue(output.contains("nothing to do"), output);

        String input =
                folder.resolve("shards/clients/client_id=c001/split=test").toString();
        String answers = folder.resolve("answers").toString();
        assertEquals(0, run("predict", "--input", input, "--output", answers, "--set", one), () -> errors);
        assertTrue(output.contains("answered 5 samples with round 1"), output);
        assertTrue(Files.exists(folder.resolve("answers/part-00000.parquet")));
        assertEquals(2, run("predict", "--input", input, "--output", answers, "--set", one));
    }

    /** What is left is left of all runs: of the second none of its own round is known yet. */
    @Test
    void theLineSaysWhichRunOfAComparisonItIs() {
        try (TestTerminal terminal = new TestTerminal()) {
            String evaluated = ": publishing the evaluation of round ";
            PrintWriter out = terminal.held(List.of(
                    Map.entry("zero-shot", "run 1 of 3 (fedavg, seed 1)" + evaluated + "0  0:0"),
                    Map.entry("round  1/1", "run 1 of 3 (fedavg, seed 1)" + evaluated + "1  0:02"),
                    Map.entry("fedavg, seed 2", "run 2 of 3 (fedavg, seed 2)  0:0"),
                    Map.entry("zero-shot", "run 2 of 3 (fedavg, seed 2)" + evaluated + "0, about 0:0")));
            String[] words = CommandResult.words(
                    "compare", sets(), "--strategies", "fedavg", "--seeds", "1,2,3", "--rounds", "1");
            assertEquals(0, Commands.run(new SparkJobsMain(), out, out, words));
        }
    }

    /** FedAdam goes on from its moments, which nobody else needs. */
    @Test
    void theServersStateIsCommittedRestoredAndLeftBehind() throws IOException {
        String adam = "run.strategy=fedadam";
        String whole = "run.dir=" + folder.resolve("whole");
        assertEquals(0, run("train", "--rounds", "2", "--set", adam, "--set", whole), () -> errors);
        assertEquals(0, run("train", "--rounds", "1", "--set", adam), () -> errors);
        assertEquals(0, run("train", "--rounds", "2", "--set", adam), () -> errors);
        assertArrayEquals(adapter("whole", 2), adapter("run", 2));
        assertTrue(text(adapter("run", 2)).contains("server.m")
                && text(adapter("run", 2)).contains("server.v"));
        assertEquals(0, run("export", "--out", folder.resolve("out").toString()), () -> errors);
        byte[] exported = Files.readAllBytes(folder.resolve("out/adapter.safetensors"));
        assertFalse(text(exported).contains("server."), "the adapter alone");
        refused(2, "fedadam.beta1", "train", "--rounds", "3", "--set", adam, "--set", "fedadam.beta1=0.5");
    }

    private static String text(byte[] bytes) {
        return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    @Test
    void refusesWhatItCannotDoAndSaysWhatToChange() throws IOException {
        refused(2, "run.strategy", "train", "--set", "run.strategy=fedsgd");
        refused(2, "run.rounds", "train", "--set", "run.round=3");
        refused(3, "manifest.json", "train", "--set", "run.shards=" + folder.resolve("nowhere"));
        refused(3, "model.dir", "train", "--set", "model.dir=" + folder.resolve("nowhere"));
        Path config = folder.resolve("model/config.json");
        String llava = Files.readString(config);
        Files.writeString(config, llava.replace("\"llava\"", "\"llava_next\""));
        refused(3, "'llava_next'", "train");
        refused(3, "'llava_next'", "encode");
        assertFalse(Files.exists(folder.resolve("run")), "a refused call leaves nothing behind");
    }

    @Test
    void aClientWithoutTrainingRowsIsEvaluatedAndNeverTrains() throws IOException {
        String shards = "run.shards=" + TinyShards.write(folder.resolve("unseen"), 7, 9, 0, 12);
        assertEquals(0, run("train", "--rounds", "1", "--set", shards), () -> errors);
        assertTrue(output.contains("2/2 clients"), output);
        assertTrue(output.lines().anyMatch(line -> line.contains("c001    c002    c003")), output);
        assertEquals(0, run("evaluate", "--set", shards), () -> errors);
        assertTrue(output.contains("c002"), output);
        String none = "run.shards=" + TinyShards.write(folder.resolve("none"), 7, 0, 0);
        refused(3, "At least one client must have a training row", "train", "--set", none);
    }

    @Test
    void refusesClientsWithoutRowsAndOtherShards() throws IOException {
        assertEquals(0, run("train", "--rounds", "1"), () -> errors);
        TinyShards.write(folder.resolve("others"), 8, 4, 4);
        refused(3, "run.shards", "train", "--set", "run.shards=" + folder.resolve("others"));
        Files.delete(folder.resolve("others/clients/client_id=c002/split=train/part-00000.parquet"));
        refused(
                3,
                "c002",
                "train",
                "--set",
                "run.shards=" + folder.resolve("others"),
                "--set",
                "run.dir=" + folder.resolve("second"));
        byte[] weights = Files.readAllBytes(folder.resolve("model/model.safetensors"));
        Files.write(folder.resolve("model/model.safetensors"), java.util.Arrays.copyOf(weights, weights.length / 2));
        refused(3, "model.safetensors", "train");
    }

    private void refused(int status, String named, String... command) {
        String[] more = java.util.Arrays.copyOfRange(command, 1, command.length);
        assertEquals(status, run(command[0], more), () -> output + errors);
        assertTrue(errors.startsWith("error: ") && errors.contains(named), errors);
    }
}
