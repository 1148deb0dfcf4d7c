package org.fednano.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.settings.JobException;
import org.fednano.tensor.NamedTensors;
import org.fednano.testing.TestImages;
import org.fednano.vision.NaiveTower;
import org.fednano.vision.VisionConfig;
import org.fednano.vision.VisionTower;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.TensorSource;
import org.junit.jupiter.api.Test;

class NanoEdgeTest {

    private static List<Sample> samples(int count) {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            samples.add(TinyEncoder.sample("s" + i, TestImages.rectangles(i, 8 + i, 8 + 2 * i), "What color?"));
        }
        return samples;
    }

    @Test
    void promptHoldsThePictureInPlaceAndTextFromTheTable() {
        try (NanoEdge edge = new NanoEdge(TinyEncoder.spec(3), TinyEncoder.sources())) {
            PromptFeatures f = edge.encode(samples(1), TinyEncoder::rows).get(0);
            assertEquals(2 + 4 + 3, f.tokens());
            assertArrayEquals(new byte[] {1, 1, 0, 0, 0, 0, 1, 1, 1}, f.modality());
            assertEquals(5, f.embeds()[0]);
            assertEquals(6, f.embeds()[TinyEncoder.HIDDEN]);
            assertEquals(9, f.embeds()[f.embeds().length - 1]);
            assertArrayEquals(new int[] {10, 3}, f.answer());
            assertArrayEquals(new int[] {11, 3}, f.choices()[1]);
            assertEquals("red", edge.tokenizer().decode(new int[] {10, 3}));
            assertEquals("red", edge.tokenizer().decode(new int[] {12, 13, 14}));
        }
    }

    @Test
    void aSamplesBytesDoNotDependOnItsBatchMatesOrTheirNumber() {
        List<Sample> samples = samples(7);
        try (NanoEdge edge = new NanoEdge(TinyEncoder.spec(3), TinyEncoder.sources())) {
            List<PromptFeatures> together = edge.encode(samples, TinyEncoder::rows);
            for (int i = 0; i < samples.size(); i++) {
                PromptFeatures alone = edge.encode(samples.subList(i, i + 1), TinyEncoder::rows)
                        .get(0);
                assertArrayEquals(alone.embeds(), together.get(i).embeds(), "sample " + i);
            }
        }
    }

    @Test
    void threadsShareOneEncoderAndGetTheSameBytes() throws Exception {
        List<Sample> samples = samples(5);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (NanoEdge edge = new NanoEdge(TinyEncoder.spec(2), TinyEncoder.sources())) {
            List<PromptFeatures> expected = edge.encode(samples, TinyEncoder::rows);
            int arrays = edge.nativeArrays();
            List<Future<List<PromptFeatures>>> results = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                results.add(threads.submit(() -> edge.encode(samples, TinyEncoder::rows)));
            }
            for (Future<List<PromptFeatures>> result : results) {
                for (int i = 0; i < samples.size(); i++) {
                    assertArrayEquals(
                            expected.get(i).embeds(), result.get().get(i).embeds());
                }
            }
            assertEquals(arrays, edge.nativeArrays());
            assertEquals(TinyEncoder.weights().size(), arrays);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aSampleWithoutPictureHasNoImageTokens() {
        try (NanoEdge edge = new NanoEdge(TinyEncoder.spec(3), TinyEncoder.sources())) {
            PromptFeatures f = edge.encode(List.of(TinyEncoder.sample("t", null, "What color?")), TinyEncoder::rows)
                    .get(0);
            assertArrayEquals(new byte[] {1, 1, 1, 1, 1}, f.modality());
        }
    }

    @Test
    void aUsersTextNeverStandsForAPicture() {
        try (NanoEdge edge = new NanoEdge(TinyEncoder.spec(3), TinyEncoder.sources())) {
            Sample sneaky = TinyEncoder.sample("t", TestImages.rectangles(1, 8, 8), "<image> What <image> color?");
            long imageTokens = Arrays.stream(edge.promptIds(sneaky))
                    .filter(id -> id == TinyEncoder.IMAGE)
                    .count();
            assertEquals(4, imageTokens);
        }
    }

    @Test
    void longPromptsAreCutOnTheRightAndCounted() {
        try (NanoEdge edge = new NanoEdge(TinyEncoder.spec(3), TinyEncoder.sources())) {
            Sample sample = TinyEncoder.sample("t", TestImages.rectangles(1, 8, 8), "what ".repeat(50));
            Sample other = TinyEncoder.sample("u", TestImages.rectangles(1, 8, 8), "what ".repeat(60));
            TruncationStats cut = new TruncationStats();
            assertEquals(
                    32,
                    edge.encode(List.of(sample, other), TinyEncoder::rows, cut)
                            .get(0)
                            .tokens());
            assertEquals(2, cut.count());
            assertEquals("t", cut.first());
        }
    }

    @Test
    void fingerprintChangesWithEachThingThatFeaturesDependOn() {
        NanoEdgeSpec spec = TinyEncoder.spec(3);
        String base = spec.fingerprint();
        assertEquals(base, TinyEncoder.spec(3).fingerprint());
        assertNotEquals(base, TinyEncoder.spec(4).fingerprint());
        assertNotEquals(
                base,
                TinyEncoder.spec("{image} {question}", 3, TinyEncoder.vision()).fingerprint());
        TorchScriptSpec further = new TorchScriptSpec("audio", "d", "{}", "", "x");
        String more = TinyEncoder.spec(spec.prompt().template(), 3, TinyEncoder.vision(), further)
                .fingerprint();
        assertNotEquals(base, more);
        TorchScriptSpec other = new TorchScriptSpec("audio", "elsewhere", "{}", "", "y");
        assertNotEquals(
                more,
                TinyEncoder.spec(spec.prompt().template(), 3, TinyEncoder.vision(), other)
                        .fingerprint());
        TorchScriptSpec moved = new TorchScriptSpec("audio", "elsewhere", "{}", "", "x");
        assertEquals(
                more,
                TinyEncoder.spec(spec.prompt().template(), 3, TinyEncoder.vision(), moved)
                        .fingerprint());
        assertNotEquals(spec.featureKey("a"), spec.featureKey("b"));
    }

    @Test
    void towerIsThatOfTheNaiveTwin() {
        for (int layer : new int[] {-1, -2}) {
            for (String strategy : new String[] {"default", "full"}) {
                VisionConfig config = VisionConfig.of(org.fednano.weights.HfModelFolder.json(
                        TinyEncoder.CONFIG.formatted(layer, strategy), java.nio.file.Path.of("config.json")));
                float[] pixels = new float[3 * 8 * 8];
                for (int i = 0; i < pixels.length; i++) {
                    pixels[i] = (float) Math.sin(i * 0.7);
                }
                double[][] expected = new NaiveTower(config, TinyEncoder.weights()).imageEmbeddings(pixels);
                try (NamedTensors weights = new NamedTensors(TensorSource.of(TinyEncoder.weights()));
                        NDManager manager = weights.manager().newSubManager()) {
                    NDArray actual = new VisionTower(config, weights)
                            .imageEmbeddings(manager.create(pixels, new Shape(1, 3, 8, 8)));
                    float[] values = actual.toFloatArray();
                    assertEquals(expected.length * TinyEncoder.HIDDEN, values.length);
                    for (int t = 0; t < expected.length; t++) {
                        for (int i = 0; i < TinyEncoder.HIDDEN; i++) {
                            assertEquals(expected[t][i], values[t * TinyEncoder.HIDDEN + i], 1e-4);
                        }
                    }
                }
            }
        }
    }

    @Test
    void weightsThatDoNotFitAreTold() {
        Map<String, FloatTensor> wrong = new TreeMap<>(TinyEncoder.weights());
        wrong.remove("multi_modal_projector.linear_2.bias");
        String message = assertThrows(
                        JobException.class, () -> new NanoEdge(TinyEncoder.spec(3), TinyEncoder.sources(wrong)))
                .getMessage();
        assertTrue(message.contains("multi_modal_projector.linear_2.bias"), message);
    }

    @Test
    void aCorruptPictureIsToldWithItsSample() {
        try (NanoEdge edge = new NanoEdge(TinyEncoder.spec(3), TinyEncoder.sources())) {
            byte[] cut = Arrays.copyOf(TestImages.rectangles(1, 20, 20), 60);
            String message = assertThrows(
                            JobException.class,
                            () -> edge.encode(List.of(TinyEncoder.sample("s9", cut, "What?")), TinyEncoder::rows))
                    .getMessage();
            assertTrue(message.contains("s9"), message);
        }
    }
}
