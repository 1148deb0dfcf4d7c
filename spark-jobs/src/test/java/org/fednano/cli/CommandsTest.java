package org.fednano.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.fednano.spark.TinyModel;
import org.fednano.spark.TinyShards;
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

    private int run(String command, String... more) {
        List<String> args = new ArrayList<>(List.of(command));
        for (String set : List.of(
                "model.dir=" + folder.resolve("model"),
                "run.shards=" + folder.resolve("shards"),
                "run.dir=" + folder.resolve("run"),
                "run.metrics_dir=" + folder.resolve("metrics"),
                "adapter.rank=2",
                "engine.threads=1",
                "local.batch_size=4")) {
            args.add("--set");
            args.add(set);
        }
        args.addAll(List.of(more));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status =
                SparkJobsMain.run(new PrintWriter(out, true), new PrintWriter(err, true), args.toArray(String[]::new));
        output = out.toString();
        errors = err.toString();
        System.out.println(output + errors);
        return status;
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
        assertArrayEquals(adapter("run", 2), Files.readAllBytes(folder.resolve("out/adapter.safetensors")));
    }
}
