package org.fednano.llm.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.SafeTensorsWriter;
import org.fednano.weights.TensorSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tied output layer: the embedding table, of which files may hold a copy. */
class TiedTableTest {

    private static final String TABLE = "language_model.model.embed_tokens.weight";
    private static final String OUTPUT = "language_model.lm_head.weight";

    @TempDir
    private Path folder;

    @Test
    void aCopyIsLeftOutAndAnotherTableIsRefused() {
        Map<String, FloatTensor> weights = new TreeMap<>(TinyDecoder.weights(TinyDecoder.GROUPED_TIED, 1));
        FloatTensor table = weights.get(TABLE);
        weights.put(OUTPUT, table);
        assertFalse(DecoderTensors.frozen(TinyDecoder.GROUPED_TIED, TensorSource.of(weights))
                .names()
                .contains(OUTPUT));
        float[] other = table.values().clone();
        other[other.length - 1] += 1;
        weights.put(OUTPUT, new FloatTensor(other, table.shape()));
        refused(weights);
        weights.put(OUTPUT, new FloatTensor(new float[16], 1, 16));
        refused(weights);
    }

    private static void refused(Map<String, FloatTensor> weights) {
        JobException e = assertThrows(
                JobException.class, () -> DecoderTensors.frozen(TinyDecoder.GROUPED_TIED, TensorSource.of(weights)));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains(OUTPUT), e.getMessage());
    }

    /** Of two generations of the outer config the files tell which it is. */
    @Test
    void theOuterConfigTiesWhereNoFileHoldsAnOutputLayer() throws IOException {
        Files.writeString(
                folder.resolve("config.json"),
                "{\"model_type\": \"llava\", \"tie_word_embeddings\": true, \"text_config\": {}}");
        Path weights = folder.resolve("model.safetensors");
        SafeTensorsWriter.write(weights, Map.of(TABLE, new FloatTensor(new float[2], 1, 2)), Map.of());
        assertTrue(LlamaConfig.of(HfModelFolder.open(folder)).tied());
        SafeTensorsWriter.write(weights, Map.of(OUTPUT, new FloatTensor(new float[2], 1, 2)), Map.of());
        assertFalse(LlamaConfig.of(HfModelFolder.open(folder)).tied());
    }
}
