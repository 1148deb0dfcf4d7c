package org.fednano.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.fednano.settings.JobException;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.SafeTensorsWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HfVisionSpecTest {

    @TempDir
    Path folder;

    @BeforeEach
    void model() throws IOException {
        SafeTensorsWriter.write(folder.resolve("model.safetensors"), TinyEncoder.weights(), Map.of());
        Files.writeString(folder.resolve("config.json"), TinyEncoder.CONFIG.formatted(-2, "default"));
    }

    @Test
    void thePreprocessorIsFoundInEitherFile() throws IOException {
        Files.writeString(folder.resolve("preprocessor_config.json"), TinyEncoder.PREPROCESSOR);
        float[] expected = prepared();
        Files.delete(folder.resolve("preprocessor_config.json"));
        Files.writeString(
                folder.resolve("processor_config.json"), "{\"image_processor\": " + TinyEncoder.PREPROCESSOR + "}");
        assertArrayEquals(expected, prepared());
    }

    @Test
    void aProcessorWithoutImageProcessorIsNotTakenForOne() throws IOException {
        assertTold("preprocessor_config.json");
        Files.writeString(folder.resolve("processor_config.json"), "{\"patch_size\": 4}");
        assertTold("image_processor");
    }

    private void assertTold(String expected) {
        String message = assertThrows(JobException.class, this::prepared).getMessage();
        assertTrue(message.contains(expected), message);
    }

    private float[] prepared() {
        HfModelFolder model = HfModelFolder.open(folder);
        try (ModalityEncoder encoder = HfVisionSpec.of(model).open(HfVisionSpec.source(model), 2)) {
            float[] inputs = new float[encoder.inputSize()];
            encoder.prepare(TinyEncoder.picture(5, 31, 17), "t", inputs, 0);
            return inputs;
        }
    }
}
