package org.fednano.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.fednano.sample.PromptFeatures;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.testing.TestImages;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.SafeTensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Encoders from TorchScript files against PyTorch's own answers, and all that may be wrong with their folders. */
class TorchScriptEncoderTest {

    private static final int H = 3;

    @TempDir
    Path folder;

    private static ModalityEncoder open(Path folder, int batchSize) {
        return TorchScriptSpec.of("m", folder).open(TorchScriptSpec.source(folder), batchSize);
    }

    private Path folder(String name, String module, String json, Map<String, FloatTensor> connector) {
        return TinyModules.folder(folder.resolve(name), module, json, connector);
    }

    private static float[] floats(JsonNode node) {
        float[] values = new float[node.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) node.get(i).doubleValue();
        }
        return values;
    }

    private static double[] layer(double[] x, Map<String, FloatTensor> tensors, String name) {
        FloatTensor weight = tensors.get(name + ".weight");
        int out = (int) weight.shape()[0];
        int in = (int) weight.shape()[1];
        double[] y = new double[x.length / in * out];
        for (int i = 0; i < y.length; i++) {
            y[i] = tensors.get(name + ".bias").values()[i % out];
            for (int j = 0; j < in; j++) {
                y[i] += weight.values()[i % out * in + j] * x[i / out * in + j];
            }
        }
        return y;
    }

    private static double[] quickGelu(double[] x) {
        double[] y = new double[x.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i] / (1 + Math.exp(-1.702 * x[i]));
        }
        return y;
    }

    /** How a Q-Former stack comes in: the folder's own tower, even one that fits nothing, is not looked at. */
    @Test
    void anEncoderOfPicturesReplacesTheModelsOwn() throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        Files.writeString(model.resolve("config.json"), TinyEncoder.CONFIG.formatted(-2, "default"));
        Files.writeString(model.resolve("tokenizer.json"), TinyEncoder.TOKENIZER);
        SafeTensorsWriter.write(
                model.resolve("model.safetensors"),
                Map.of(
                        "language_model.model.norm.weight",
                        new FloatTensor(new float[TinyEncoder.HIDDEN], TinyEncoder.HIDDEN)),
                Map.of());
        int width = HfModelFolder.json(
                        Files.readString(TinyModules.SCRIPTED.resolve("expected.json")), Path.of("expected.json"))
                .path("patches")
                .path("shape")
                .get(2)
                .asInt();
        Map<String, FloatTensor> connector = TinyModules.linear(width, TinyEncoder.HIDDEN, 1);
        Path own = folder("stack", "patches", TinyModules.PATCHES, connector);
        Settings settings =
                Settings.load(List.of(), List.of("model.encoders=[\"image=" + own + "\"]", "encoder.batch_size=2"));
        byte[] picture = TestImages.rectangles(5, 31, 17);
        try (NanoEdge edge = NanoEdge.open(HfModelFolder.open(model), settings);
                ModalityEncoder encoder = open(own, 2)) {
            PromptFeatures features = edge.encode(List.of(TinyEncoder.sample("s", picture, "x")), TinyEncoder::rows)
                    .get(0);
            float[] inputs = new float[2 * encoder.inputSize()];
            encoder.prepare(picture, "s", inputs, 0);
            float[] expected = Arrays.copyOf(encoder.encode(inputs, 1), 4 * TinyEncoder.HIDDEN);
            int first = 0;
            while (features.modality()[first] != PromptFeatures.IMAGE) {
                first++;
            }
            int from = first * TinyEncoder.HIDDEN;
            assertArrayEquals(expected, Arrays.copyOfRange(features.embeds(), from, from + expected.length));
            assertEquals(
                    Map.of("image", PromptFeatures.IMAGE, "text", PromptFeatures.TEXT),
                    edge.spec().modalities());
        }
    }

    @Test
    void answersAreThoseOfPyTorchBehindTheConnector() throws IOException {
        JsonNode expected = HfModelFolder.json(
                Files.readString(TinyModules.SCRIPTED.resolve("expected.json")), Path.of("expected.json"));
        Map<String, String> kinds =
                Map.of("patches", TinyModules.PATCHES, "frames", TinyModules.FRAMES, "steps", TinyModules.STEPS);
        for (Map.Entry<String, String> kind : kinds.entrySet()) {
            JsonNode given = expected.get(kind.getKey());
            int width = given.get("shape").get(2).asInt();
            float[] module = floats(given.get("output"));
            double[] x = new double[module.length];
            for (int i = 0; i < x.length; i++) {
                x[i] = module[i];
            }
            Map<String, FloatTensor> linear = TinyModules.linear(width, H, 1);
            try (ModalityEncoder encoder = open(folder(kind.getKey(), kind.getKey(), kind.getValue(), linear), 2)) {
                assertEquals(given.get("shape").get(1).asInt(), encoder.tokens());
                assertClose(layer(x, linear, "linear"), encoder.encode(floats(given.get("input")), 1));
            }
            Map<String, FloatTensor> mlp = TinyModules.mlp(width, 5, H, 2);
            String json = kind.getValue().replace("}", ", \"activation\": \"quick_gelu\"}");
            try (ModalityEncoder encoder = open(folder(kind.getKey() + "2", kind.getKey(), json, mlp), 2)) {
                assertEquals(H, encoder.hidden());
                assertClose(
                        layer(quickGelu(layer(x, mlp, "linear_1")), mlp, "linear_2"),
                        encoder.encode(floats(given.get("input")), 1));
            }
        }
    }

    private static void assertClose(double[] expected, float[] found) {
        assertEquals(expected.length, found.length);
        for (int i = 0; i < found.length; i++) {
            assertEquals(expected[i], found[i], 1e-5, "value " + i);
        }
    }

    @Test
    void everyCallAndEveryThreadGivesTheSameBytesAndLeaksNothing() throws Exception {
        Path steps = folder("steps", "steps", TinyModules.STEPS, TinyModules.linear(7, H, 1));
        float[] inputs = new float[4 * 12];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = (float) Math.sin(i);
        }
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (ModalityEncoder encoder = open(steps, 4)) {
            float[] first = encoder.encode(inputs, 1);
            int arrays = encoder.nativeArrays();
            List<Future<float[]>> results = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                results.add(threads.submit(() -> encoder.encode(inputs, 1)));
            }
            for (Future<float[]> result : results) {
                assertArrayEquals(first, result.get());
            }
            assertEquals(arrays, encoder.nativeArrays());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aFolderThatLacksAFileIsRefused() throws IOException {
        for (String file : List.of("encoder.json", "encoder.pt", "connector.safetensors", "preprocessor_config.json")) {
            Path lacking = folder(file, "patches", TinyModules.PATCHES, TinyModules.linear(5, H, 1));
            Files.delete(lacking.resolve(file));
            refused(() -> open(lacking, 2), file, lacking.toString());
        }
    }

    @Test
    void whatDoesNotFitTogetherIsRefused() throws IOException {
        Map<String, FloatTensor> linear = TinyModules.linear(7, H, 1);
        Path tokens = folder("tokens", "steps", TinyModules.STEPS.replace("\"tokens\": 3", "\"tokens\": 4"), linear);
        refused(() -> run(tokens), "(2, 4, 7)", "(2, 3, 7)", "tokens");
        Path width = folder("width", "steps", TinyModules.STEPS, TinyModules.linear(6, H, 1));
        refused(() -> run(width), "(2, 3, 6)", "(2, 3, 7)");
        Path pair = folder("pair", "pair", TinyModules.STEPS, linear);
        refused(() -> run(pair), "one float32 tensor", "(2, 3, 4)");
        Path shape = folder("shape", "steps", TinyModules.STEPS.replace("[3, 4]", "[3, 5]"), linear);
        refused(() -> run(shape), "must take one tensor", "(2, 3, 5)");
        Path other = folder("other", "steps", TinyModules.STEPS, linear);
        Files.writeString(other.resolve("encoder.pt"), "no module");
        refused(() -> run(other), "TorchScript");
        Map<String, FloatTensor> named = new LinkedHashMap<>();
        named.put("projection.weight", linear.get("linear.weight"));
        Path names = folder("names", "steps", TinyModules.STEPS, named);
        refused(() -> run(names), "linear.weight", "projection.weight");
        Map<String, FloatTensor> torn = TinyModules.mlp(7, 5, H, 1);
        torn.put("linear_2.weight", new FloatTensor(new float[H * 4], H, 4));
        Path inner = folder("inner", "steps", TinyModules.STEPS, torn);
        refused(() -> run(inner), "linear_2.weight", "[3, 5]", "[3, 4]");
    }

    private static void run(Path folder) {
        try (ModalityEncoder encoder = open(folder, 2)) {
            encoder.encode(new float[2 * encoder.inputSize()], 2);
        }
    }

    @Test
    void anEncoderJsonThatSaysTooLittleIsRefused() {
        Map<String, FloatTensor> linear = TinyModules.linear(6, H, 1);
        String[][] changes = {
            {"\"format\": 1", "\"format\": 2", "format"},
            {"\"wav\"", "\"mp3\"", "image, wav or npy"},
            {"\"tokens\": 2", "\"tokens\": 0", "tokens"},
            {"\"sampling_rate\": 320", "\"sampling_rate\": \"x\"", "sampling_rate"},
            {"\"seconds\": 0.5", "\"seconds\": 0", "seconds"},
        };
        for (int i = 0; i < changes.length; i++) {
            Path wrong = folder("w" + i, "frames", TinyModules.FRAMES.replace(changes[i][0], changes[i][1]), linear);
            refused(() -> open(wrong, 2), changes[i][2], "encoder.json");
        }
        Path broken = folder("broken", "frames", "{", linear);
        refused(() -> open(broken, 2), "JSON");
        Path npy = folder("npy", "steps", TinyModules.STEPS.replace("[3, 4]", "[3, 0]"), linear);
        refused(() -> open(npy, 2), "shape");
    }

    static void refused(Executable call, String... texts) {
        JobException e = assertThrows(JobException.class, call);
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        for (String text : texts) {
            assertTrue(e.getMessage().contains(text), text + " expected in: " + e.getMessage());
        }
    }
}
