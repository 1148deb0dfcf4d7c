package org.fednano.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.fednano.settings.JobException;
import org.fednano.testing.TestImages;
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

    /** A folder that a later release saved over keeps the older file, which releases before it would go on reading. */
    @Test
    void twoFilesMustAskForTheSame() throws IOException {
        String same = TinyEncoder.PREPROCESSOR;
        Files.writeString(folder.resolve("preprocessor_config.json"), same);
        float[] expected = prepared();
        Files.writeString(folder.resolve("processor_config.json"), "{\"image_processor\": " + same + "}");
        assertArrayEquals(expected, prepared());
        Files.writeString(
                folder.resolve("preprocessor_config.json"), same.replace("ImageProcessor\"", "ImageProcessorFast\""));
        prepared();
        Files.writeString(
                folder.resolve("processor_config.json"),
                "{\"image_processor\": {\"image_processor_type\": \"CLIPImageProcessor\", \"resample\": 0}}");
        assertTold("must ask for the same");
    }

    @Test
    void aProcessorWithoutImageProcessorIsNotTakenForOne() throws IOException {
        assertTold("preprocessor_config.json");
        Files.writeString(folder.resolve("processor_config.json"), "{\"patch_size\": 4}");
        assertTold("image_processor");
    }

    @Test
    void weightsThatAreNotTheConfigsAreToldWithTheirFile() throws IOException {
        Files.writeString(folder.resolve("preprocessor_config.json"), TinyEncoder.PREPROCESSOR);
        String config = TinyEncoder.CONFIG.formatted(-1, "default");
        String layers = "\"num_hidden_layers\": ";
        int at = config.indexOf(layers, config.indexOf("vision_config")) + layers.length();
        int has = Character.digit(config.charAt(at), 10);
        for (int other : new int[] {has - 1, has + 1}) {
            Files.writeString(
                    folder.resolve("config.json"), config.substring(0, at) + other + config.substring(at + 1));
            assertTold(folder.getFileName().toString());
            assertTold("layers." + (other < has ? other : has) + ".");
        }
    }

    /** Checkpoints hold more than features are computed with, of any type; it is neither read nor sent. */
    @Test
    void whatFeaturesDoNotNeedIsNotRead() throws IOException {
        Files.writeString(folder.resolve("preprocessor_config.json"), TinyEncoder.PREPROCESSOR);
        Files.writeString(folder.resolve("config.json"), TinyEncoder.CONFIG.formatted(1, "default"));
        HfModelFolder model = HfModelFolder.open(folder);
        var names = HfVisionSpec.source(model).tensors().names();
        assertTrue(
                names.stream().noneMatch(n -> n.contains("layers.1.") || n.contains("post_layernorm")),
                names::toString);
        prepared();
    }

    private void assertTold(String expected) {
        String message = assertThrows(JobException.class, this::prepared).getMessage();
        assertTrue(message.contains(expected), message);
    }

    private float[] prepared() {
        HfModelFolder model = HfModelFolder.open(folder);
        try (ModalityEncoder encoder = HfVisionSpec.of(model).open(HfVisionSpec.source(model), 2)) {
            float[] inputs = new float[encoder.inputSize()];
            encoder.prepare(TestImages.rectangles(5, 31, 17), "t", inputs, 0);
            return inputs;
        }
    }
}
