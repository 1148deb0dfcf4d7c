package org.fednano.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.fednano.demo.DemoMain;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.settings.Commands;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.spark.TinyShards;
import org.fednano.testing.TestTerminal;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PretrainerTest {

    @TempDir
    Path folder;

    @Test
    void makesTheSameFolderTwiceAndNothingElse() throws IOException {
        TinyShards.writePictures(folder.resolve("shards"), 1, 24, 16);
        List<String> told = new ArrayList<>();
        new Pretrainer(settings("first"), told::add).run();
        new Pretrainer(settings("second"), told::add).run();
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("first/model.safetensors")),
                Files.readAllBytes(folder.resolve("second/model.safetensors")));
        assertTrue(
                Files.readString(folder.resolve("first/README.md")).contains("| training samples (distinct) | 40 |"));
        try (EmbeddedLlm llm = EmbeddedLlm.open(HfModelFolder.open(folder.resolve("first")))) {
            assertEquals(128, llm.info().hidden());
        }
        try (Stream<Path> all = Files.list(folder)) {
            assertEquals(3, all.count());
        }

        JobException taken = assertThrows(JobException.class, () -> new Pretrainer(settings("first"), told::add).run());
        assertEquals(ExitStatus.USAGE, taken.status());
    }

    @Test
    void theLineSaysWhatIsBeingDone() throws IOException {
        TinyShards.writePictures(folder.resolve("shards"), 1, 24, 16);
        List<String> words = new ArrayList<>(List.of("pretrain"));
        sets("lines").forEach(set -> words.addAll(List.of("--set", set)));
        try (TestTerminal terminal = new TestTerminal()) {
            PrintWriter out = terminal.held(
                    List.of(Map.entry("cycle 2 of 2 · step 2 of 4", "pretraining: cycle 2 of 2 · 2 of 4 steps done")));
            assertEquals(0, Commands.run(new DemoMain(), out, out, words.toArray(String[]::new)));
            String shown = terminal.shown();
            List.of(
                            "reading shards  0:0",
                            "decoding pictures  0:0",
                            "pretraining: cycle 1 of 2 · 0 of 4 steps done  0:0",
                            "evaluating on the test set  0:0")
                    .forEach(said -> assertTrue(shown.contains(said), () -> said + " expected in " + shown));
        }
    }

    private Settings settings(String out) {
        return Settings.load(List.of(), sets(out));
    }

    private List<String> sets(String out) {
        return List.of(
                "pretrain.shards=" + folder.resolve("shards"),
                "pretrain.out=" + folder.resolve(out),
                "pretrain.samples=64",
                "pretrain.batch_size=8",
                "engine.threads=1");
    }
}
