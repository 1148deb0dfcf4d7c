package org.fednano.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.testing.TestImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One translator over a tower in Java and over a TorchScript file by URL: the bits are those of {@link NanoEdge}. */
class NanoEdgeTranslatorTest {

    private static final int B = 3;

    @TempDir
    Path folder;

    private static List<byte[]> pictures(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> TestImages.rectangles(i, 8 + i, 9 + 2 * i))
                .toList();
    }

    private Path torchScript() {
        return TinyModules.folder(
                folder.resolve("patches"),
                "patches",
                TinyModules.PATCHES,
                TinyModules.linear(5, TinyEncoder.HIDDEN, 1));
    }

    static float[] floats(byte[] bytes) {
        float[] values = new float[bytes.length / 4];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    /** Embeddings of each picture as {@code NanoEdge.encode} gives them. */
    private static List<float[]> inPrompts(NanoEdge edge, List<byte[]> pictures) {
        List<Sample> samples = pictures.stream()
                .map(p -> TinyEncoder.sample("s", p, "What color?"))
                .toList();
        return edge.encode(samples, TinyEncoder::rows).stream()
                .map(NanoEdgeTranslatorTest::ofPicture)
                .toList();
    }

    private static float[] ofPicture(PromptFeatures features) {
        int first = 0;
        int tokens = 0;
        for (int t = 0; t < features.tokens(); t++) {
            if (features.modality()[t] == PromptFeatures.IMAGE) {
                first = tokens++ == 0 ? t : first;
            }
        }
        return Arrays.copyOfRange(features.embeds(), first * TinyEncoder.HIDDEN, (first + tokens) * TinyEncoder.HIDDEN);
    }

    @Test
    void aTowerInJavaGivesTheBitsOfNanoEdge() {
        List<byte[]> pictures = pictures(7);
        try (NanoEdge edge = new NanoEdge(TinyEncoder.spec(B), TinyEncoder.sources());
                ModalityEncoder encoder =
                        TinyEncoder.vision().open(TinyEncoder.sources().get("image"), B);
                MediaPredictor predictor = encoder.predictor(false)) {
            List<float[]> expected = inPrompts(edge, pictures);
            for (int from = 0; from < pictures.size(); from += B) {
                List<byte[]> batch = pictures.subList(from, Math.min(from + B, pictures.size()));
                List<byte[]> found = predictor.predict(batch);
                for (int i = 0; i < batch.size(); i++) {
                    assertArrayEquals(expected.get(from + i), floats(found.get(i)), "picture " + (from + i));
                }
            }
        }
    }

    @Test
    void aTorchScriptFileByUrlGivesTheBitsOfNanoEdge() throws Exception {
        Path own = torchScript();
        List<byte[]> pictures = pictures(5);
        NanoEdgeSpec spec = TinyEncoder.spec("{image}\n{question}", B, TorchScriptSpec.of("image", own));
        try (NanoEdge edge = new NanoEdge(spec, Map.of("image", TorchScriptSpec.source(own)));
                ZooModel<byte[], byte[]> model = byUrl(own, new NanoEdgeTranslatorFactory(B, false));
                Predictor<byte[], byte[]> predictor = model.newPredictor()) {
            List<byte[]> first = predictor.batchPredict(pictures.subList(0, 3));
            List<byte[]> second = predictor.batchPredict(pictures.subList(3, 5));
            List<byte[]> found = new ArrayList<>(first);
            found.addAll(second);
            List<float[]> expected = inPrompts(edge, pictures);
            for (int i = 0; i < pictures.size(); i++) {
                assertArrayEquals(expected.get(i), floats(found.get(i)), "picture " + i);
            }
            assertArrayEquals(found.get(3), predictor.predict(pictures.get(3)), "alone");
        }
    }

    /** As the ModelLoader of DJL's extension for Spark does it. */
    private static ZooModel<byte[], byte[]> byUrl(Path encoder, NanoEdgeTranslatorFactory factory) throws Exception {
        return Criteria.builder()
                .setTypes(byte[].class, byte[].class)
                .optEngine("PyTorch")
                .optModelUrls(encoder.resolve("encoder.pt").toUri().toString())
                .optTranslatorFactory(copy(factory))
                .build()
                .loadModel();
    }

    private static NanoEdgeTranslatorFactory copy(NanoEdgeTranslatorFactory factory) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(factory);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            return (NanoEdgeTranslatorFactory) in.readObject();
        }
    }

    @Test
    void nullStaysNullAndBadFilesAreToldOrKept() {
        byte[] good = pictures(1).get(0);
        byte[] torn = Arrays.copyOf(good, good.length / 2);
        try (ModalityEncoder encoder =
                        TinyEncoder.vision().open(TinyEncoder.sources().get("image"), B);
                MediaPredictor keeping = encoder.predictor(true);
                MediaPredictor telling = encoder.predictor(false)) {
            byte[] expected = telling.predict(List.of(good)).get(0);
            List<byte[]> found = keeping.predict(Arrays.asList(null, torn, good));
            assertNull(found.get(0));
            assertNull(found.get(1));
            assertArrayEquals(expected, found.get(2));
            assertEquals(Arrays.asList(null, null), keeping.predict(Arrays.asList(torn, null)));
            JobException e = assertThrows(JobException.class, () -> telling.predict(List.of(good, torn)));
            assertEquals(ExitStatus.BAD_INPUT, e.status());
            assertTrue(e.getMessage().contains("medium 2 of the batch"), e.getMessage());
        }
    }

    @Test
    void moreThanABatchIsRefusedNotRounded() {
        try (ModalityEncoder encoder =
                        TinyEncoder.vision().open(TinyEncoder.sources().get("image"), B);
                MediaPredictor predictor = encoder.predictor(false)) {
            JobException e = assertThrows(JobException.class, () -> predictor.predict(pictures(B + 1)));
            assertEquals(ExitStatus.USAGE, e.status());
            assertTrue(e.getMessage().contains("expected 3, found 4"), e.getMessage());
        }
    }

    @Test
    void nothingStaysInNativeMemory() throws Exception {
        List<byte[]> pictures = pictures(B);
        try (ModalityEncoder encoder =
                TinyEncoder.vision().open(TinyEncoder.sources().get("image"), B)) {
            int before = encoder.nativeArrays();
            for (int i = 0; i < 10; i++) {
                try (MediaPredictor predictor = encoder.predictor(true)) {
                    predictor.predict(pictures);
                    predictor.predict(List.of(new byte[3]));
                }
            }
            assertEquals(before, encoder.nativeArrays());
        }
        try (ZooModel<byte[], byte[]> model = byUrl(torchScript(), new NanoEdgeTranslatorFactory(B, false))) {
            int before = model.getNDManager().getManagedArrays().size();
            for (int i = 0; i < 10; i++) {
                try (Predictor<byte[], byte[]> predictor = model.newPredictor()) {
                    predictor.batchPredict(pictures);
                }
            }
            assertEquals(before, model.getNDManager().getManagedArrays().size());
        }
    }

    /** Closing the model is all there is to close: the connector's weights go with it. */
    @Test
    void theModelOwnsTheConnector() throws Exception {
        ZooModel<byte[], byte[]> model = byUrl(torchScript(), new NanoEdgeTranslatorFactory(B, false));
        assertTrue(model.getNDManager().getManagedArrays().size() >= 2, "linear.weight and linear.bias");
        model.close();
        assertTrue(model.getNDManager().getManagedArrays().isEmpty());
    }

    @Test
    void aFileOfAnotherLoaderMustLieInAnEncodersFolder() throws Exception {
        Path own = torchScript();
        Files.delete(own.resolve("connector.safetensors"));
        Exception e = assertThrows(Exception.class, () -> byUrl(own, new NanoEdgeTranslatorFactory(B, false)));
        assertTrue(String.valueOf(EncoderModel.failure(e, "x").getMessage()).contains("connector.safetensors"), e + "");
        assertThrows(JobException.class, () -> new NanoEdgeTranslatorFactory(0, false));
    }

    @Test
    void aDamagedAnswerIsTold() throws Exception {
        Path own = TinyModules.folder(
                folder.resolve("wrong"),
                "patches",
                TinyModules.PATCHES.replace("\"tokens\": 4", "\"tokens\": 5"),
                TinyModules.linear(5, TinyEncoder.HIDDEN, 1));
        try (ZooModel<byte[], byte[]> model = byUrl(own, new NanoEdgeTranslatorFactory(B, false));
                Predictor<byte[], byte[]> predictor = model.newPredictor()) {
            TranslateException e = assertThrows(TranslateException.class, () -> predictor.batchPredict(pictures(2)));
            assertTrue(
                    e.getCause().getMessage().contains("(3, 5, 5)"),
                    e.getCause().getMessage());
        }
    }
}
