package org.fednano.vision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Arrays;
import org.fednano.encoder.TinyEncoder;
import org.fednano.encoder.VisionParityTest;
import org.fednano.settings.JobException;
import org.fednano.tensor.NamedTensors;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.TensorSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Memory, slices and configs of vision towers; their numbers are held to transformers' by {@link VisionParityTest}. */
class VisionTowerTest {

    private static JsonNode json(String text) {
        return HfModelFolder.json(text.replace('\'', '"'), Path.of("config.json"));
    }

    @Test
    void aLargeBatchGoesThroughInSlicesAndEveryPictureGetsTheSameBits() {
        VisionConfig config = VisionConfig.of(json(TinyEncoder.CONFIG.formatted(-2, "default")));
        int pictures = 2 * (VisionTower.SLICE_TOKENS / config.towerTokens());
        float[] one = new float[3 * 8 * 8];
        for (int i = 0; i < one.length; i++) {
            one[i] = (float) Math.sin(i * 0.7);
        }
        float[] all = new float[pictures * one.length];
        for (int i = 0; i < pictures; i++) {
            System.arraycopy(one, 0, all, i * one.length, one.length);
        }
        try (NamedTensors weights = new NamedTensors(TensorSource.of(TinyEncoder.weights()));
                NDManager manager = weights.manager().newSubManager()) {
            VisionTower tower = new VisionTower(config, weights);
            float[] embedded = tower.imageEmbeddings(manager.create(all, new Shape(pictures, 3, 8, 8)))
                    .toFloatArray();
            NDArray first =
                    manager.create(Arrays.copyOf(all, pictures / 2 * one.length), new Shape(pictures / 2, 3, 8, 8));
            float[] firstSlice = VisionTower.inSlices(
                            first, tower.slice(pictures), part -> tower.project(tower.features(part)))
                    .toFloatArray();
            assertArrayEquals(
                    firstSlice, Arrays.copyOf(embedded, firstSlice.length), "what is behind it changes nothing");
            int size = config.imageTokens() * config.hidden();
            assertEquals(pictures * size, embedded.length);
            for (int i = 1; i < pictures; i++) {
                assertArrayEquals(
                        Arrays.copyOf(embedded, size), Arrays.copyOfRange(embedded, i * size, (i + 1) * size));
            }
        }
    }

    @Test
    void nothingStaysButTheResult() {
        VisionConfig config = VisionConfig.of(json(TinyEncoder.CONFIG.formatted(-1, "full")));
        try (NamedTensors weights = new NamedTensors(TensorSource.of(TinyEncoder.weights()));
                NDManager manager = weights.manager().newSubManager()) {
            int before = weights.manager().getManagedArrays().size(); // with those of its sub-managers
            NDArray pixels = manager.create(new Shape(2, 3, 8, 8));
            NDArray result = new VisionTower(config, weights).imageEmbeddings(pixels);
            assertEquals(2, manager.getManagedArrays().size());
            assertEquals(before + 2, weights.manager().getManagedArrays().size());
            assertEquals(new Shape(2, 5, TinyEncoder.HIDDEN), result.getShape());
        }
    }

    @Test
    void absentValuesAreThoseOfTransformers() {
        // LLaVA-1.5-7B's config.json leaves out most of its text_config.
        VisionConfig published = VisionConfig.of(
                json(
                        """
                {'model_type': 'llava', 'vision_feature_layer': -2, 'vision_feature_select_strategy': 'default',
                 'text_config': {'model_type': 'llama', 'vocab_size': 32064},
                 'vision_config': {'model_type': 'clip_vision_model', 'hidden_size': 1024, 'image_size': 336,
                   'intermediate_size': 4096, 'num_attention_heads': 16, 'num_hidden_layers': 24, 'patch_size': 14,
                   'projection_dim': 768, 'vocab_size': 32000}}"""));
        assertEquals(published, VisionConfig.of(json("{'model_type': 'llava'}")));
        assertEquals(576, published.imageTokens());
        assertEquals(577, published.towerTokens());
        assertEquals(23, published.usedLayers());
        assertEquals(4096, published.hidden());
        VisionConfig siglip = VisionConfig.of(
                json(
                        """
                {'model_type': 'llava', 'vision_feature_layer': -1, 'vision_feature_select_strategy': 'full',
                 'vision_config': {'model_type': 'siglip_vision_model', 'hidden_size': 1152, 'image_size': 384,
                   'intermediate_size': 4304, 'num_attention_heads': 16, 'num_hidden_layers': 27, 'patch_size': 14}}"""));
        assertEquals(729, siglip.imageTokens()); // 27 x 27: six pixels are left over
        assertEquals("gelu_pytorch_tanh", siglip.activation());
        assertEquals(1e-6, siglip.epsilon());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "'model_type': 'llava_next'; llava_next",
                "'model_type': 'llava', 'vision_config': {'model_type': 'dinov2'}; dinov2",
                "'model_type': 'llava', 'vision_config': {'model_type': 'siglip2_vision_model'}; siglip2_vision_model",
                "'model_type': 'llava', 'vision_config': {'hidden_act': 'mish'}; mish",
                "'model_type': 'llava', 'projector_hidden_act': 'laplace'; laplace",
                "'model_type': 'llava', 'vision_config': {'num_channels': 4}; num_channels",
                "'model_type': 'llava', 'vision_config': {'hidden_size': 100}; hidden_size",
                "'model_type': 'llava', 'vision_config': {'hidden_size': '768'}; hidden_size",
                "'model_type': 'llava', 'vision_config': {'patch_size': 300}; patch_size",
                "'model_type': 'llava', 'vision_feature_layer': 25; -25 to 24",
                "'model_type': 'llava', 'vision_feature_layer': [-2, -26]; -25 to 24",
                "'model_type': 'llava', 'vision_feature_layer': []; vision_feature_layer",
                "'model_type': 'llava', 'vision_feature_layer': 'last'; vision_feature_layer",
                "'model_type': 'llava', 'vision_feature_layer': [1.5]; vision_feature_layer",
                "'model_type': 'llava', 'vision_feature_select_strategy': 'patch'; patch"
            })
    void configsThatCannotBeFollowedAreRefused(String config, String told) {
        String message = assertThrows(JobException.class, () -> VisionConfig.of(json("{" + config + "}")))
                .getMessage();
        assertTrue(message.contains(told) && message.contains("config.json"), message);
    }
}
