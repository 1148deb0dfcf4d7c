package org.fednano.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HfModelFolderTest {

    private static final FloatTensor A = new FloatTensor(new float[] {1, 2}, 2);
    private static final FloatTensor B = new FloatTensor(new float[] {3, 4, 5}, 3);

    @TempDir
    Path folder;

    @BeforeEach
    void texts() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"llava\"}");
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
    }

    @Test
    void oneFileOrShardsGiveTheSameTensors() throws IOException {
        SafeTensorsWriter.write(folder.resolve("model.safetensors"), Map.of("x.a", A, "y.b", B), Map.of());
        same(HfModelFolder.open(folder));
        Files.delete(folder.resolve("model.safetensors"));
        shards("model-00002.safetensors");
        same(HfModelFolder.open(folder));
    }

    private static void same(HfModelFolder model) {
        assertEquals(Set.of("x.a", "y.b"), model.names());
        assertArrayEquals(A.values(), model.tensor("x.a").values());
        assertArrayEquals(new long[] {3}, model.shape("y.b"));
        assertEquals(Set.of("y.b"), model.only("y.").names());
        assertEquals("llava", model.config().path("model_type").asText());
    }

    private void shards(String second) throws IOException {
        SafeTensorsWriter.write(folder.resolve("model-00001.safetensors"), Map.of("x.a", A), Map.of());
        SafeTensorsWriter.write(folder.resolve("model-00002.safetensors"), Map.of("y.b", B), Map.of());
        Files.writeString(
                folder.resolve("model.safetensors.index.json"),
                "{\"weight_map\":{\"x.a\":\"model-00001.safetensors\",\"y.b\":\"" + second + "\"}}");
    }

    @Test
    void theFingerprintIsThatOfAllThatAnAnswerDependsOn() throws IOException {
        Path weights = folder.resolve("model.safetensors");
        SafeTensorsWriter.write(weights, Map.of("x.a", A), Map.of());
        String before = HfModelFolder.open(folder).fingerprint("FP32");
        assertEquals(64, before.length());
        assertEquals(before, HfModelFolder.open(folder).fingerprint("FP32"));
        assertNotEquals(before, HfModelFolder.open(folder).fingerprint("BF16"));
        Files.writeString(folder.resolve("tokenizer.json"), "{ }");
        String after = HfModelFolder.open(folder).fingerprint("FP32");
        assertNotEquals(before, after);
        Files.writeString(folder.resolve("README.md"), "a card changes nothing");
        assertEquals(after, HfModelFolder.open(folder).fingerprint("FP32"));
        SafeTensorsWriter.write(weights, Map.of("x.a", B), Map.of());
        assertNotEquals(after, HfModelFolder.open(folder).fingerprint("FP32"));
    }

    @Test
    void whatIsMissingIsNamed() throws IOException {
        refused("model.safetensors", folder);
        shards("model-00003.safetensors");
        refused("model-00003.safetensors", folder);
        shards("../../secret.safetensors");
        refused("in its own folder", folder);
        Files.delete(folder.resolve("config.json"));
        refused("config.json", folder);
        refused("found none", folder.resolve("nowhere"));
    }

    private static void refused(String word, Path folder) {
        JobException e = assertThrows(JobException.class, () -> HfModelFolder.open(folder));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains(word), e.getMessage());
    }
}
