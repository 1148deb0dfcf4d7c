package org.fednano.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.spark.TinyShards;
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

    private Settings settings(String out) {
        return Settings.load(
                List.of(),
                List.of(
                        "pretrain.shards=" + folder.resolve("shards"),
                        "pretrain.out=" + folder.resolve(out),
                        "pretrain.samples=64",
                        "pretrain.batch_size=8",
                        "engine.threads=1"));
    }
}
