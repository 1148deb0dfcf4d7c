package org.fednano.encoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.fednano.image.ImagePreprocessor;
import org.fednano.image.RgbImage;
import org.fednano.tensor.NamedTensors;
import org.fednano.vision.NaiveTower;
import org.fednano.vision.VisionConfig;
import org.fednano.vision.VisionTower;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.TensorSource;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Pictures and vision towers against Pillow and transformers 4.57.3, as {@code src/test/python/make_vision_fixtures.py} wrote
 * them down. {@code -Dfednano.vision.dir=DIR} takes fresh ones.
 */
public class VisionParityTest {

    private static final Path FOLDER =
            Path.of(System.getProperty("fednano.vision.dir", "src/test/resources/parity/vision"));
    private static final JsonNode PIXELS = read("preprocessing.json");

    /** Largest error of features beside the largest feature. */
    private static final double TOLERANCE = 1e-5;

    private static JsonNode read(String file) {
        try {
            return new ObjectMapper().readTree(FOLDER.resolve(file).toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<String> pictures() {
        return StreamSupport.stream(
                ((Iterable<String>) () -> PIXELS.get("decoded").fieldNames()).spliterator(), false);
    }

    @ParameterizedTest
    @MethodSource("pictures")
    void everyKindOfFileDecodesToPillowsBytes(String name) {
        JsonNode expected = PIXELS.get("decoded").get(name);
        RgbImage image = picture(name);
        assertEquals(expected.get("width").intValue(), image.width());
        assertEquals(expected.get("height").intValue(), image.height());
        assertEquals(expected.get("rgb_sha256").textValue(), sha256(image.rgb()));
    }

    static Stream<Named<JsonNode>> preprocessed() {
        return StreamSupport.stream(PIXELS.get("preprocessed").spliterator(), false)
                .map(n -> Named.of(
                        n.get("config").textValue() + " of " + n.get("picture").textValue(), n));
    }

    @ParameterizedTest
    @MethodSource("preprocessed")
    void everyImageProcessorGivesTheSameFloats(JsonNode expected) {
        int side = PIXELS.get("side").intValue();
        ImagePreprocessor preprocessor = new ImagePreprocessor(
                PIXELS.get("configs").get(expected.get("config").textValue()), side);
        byte[] levels =
                preprocessor.crop(picture(expected.get("picture").textValue())).rgb();
        assertEquals(expected.get("levels_sha256").textValue(), sha256(levels));
        float[] pixels = new float[3 * side * side];
        preprocessor.normalise(levels, pixels, 0);
        for (int i = 0; i < expected.get("some").size(); i++) {
            assertEquals(expected.get("some").get(i).floatValue(), pixels[700 * i]);
        }
        ByteBuffer bytes = ByteBuffer.allocate(4 * pixels.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(pixels);
        assertEquals(expected.get("pixels_sha256").textValue(), sha256(bytes.array()));
    }

    static Stream<Named<JsonNode>> towers() {
        return StreamSupport.stream(read("towers.json").get("towers").spliterator(), false)
                .map(n -> Named.of(n.get("name").textValue(), n));
    }

    @ParameterizedTest
    @MethodSource("towers")
    void featuresAndProjectorOutputsAreThoseOfTransformers(JsonNode expected) {
        VisionConfig config = VisionConfig.of(expected.get("config"));
        Map<String, FloatTensor> tensors = tensors(expected);
        float[] pixels = floats(expected.get("pixels"));
        float[] projected = floats(expected.get("projected"));
        try (NamedTensors weights = new NamedTensors(TensorSource.of(tensors));
                NDManager manager = weights.manager().newSubManager()) {
            VisionTower tower = new VisionTower(config, weights);
            NDArray batch = manager.create(pixels, new Shape(2, 3, config.imageSize(), config.imageSize()));
            assertClose(floats(expected.get("features")), tower.features(batch).toFloatArray());
            assertClose(projected, tower.imageEmbeddings(batch).toFloatArray());
        }
        double[][] naive = new NaiveTower(config, tensors).imageEmbeddings(Arrays.copyOf(pixels, pixels.length / 2));
        float[] flat = new float[naive.length * naive[0].length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = (float) naive[i / naive[0].length][i % naive[0].length];
        }
        assertEquals(config.imageTokens(), naive.length);
        assertClose(Arrays.copyOf(projected, flat.length), flat);
    }

    private static Map<String, FloatTensor> tensors(JsonNode tower) {
        Map<String, FloatTensor> tensors = new TreeMap<>();
        tower.get("tensors").fields().forEachRemaining(e -> {
            JsonNode shape = e.getValue().get("shape");
            long[] sides = new long[shape.size()];
            for (int i = 0; i < sides.length; i++) {
                sides[i] = shape.get(i).longValue();
            }
            tensors.put(e.getKey(), new FloatTensor(floats(e.getValue().get("values")), sides));
        });
        return tensors;
    }

    private static void assertClose(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        double largest = 0;
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            error = Math.max(error, Math.abs(expected[i] - actual[i]));
        }
        assertTrue(error <= TOLERANCE * largest, error + " beside " + largest);
    }

    private static RgbImage picture(String name) {
        try {
            return RgbImage.decode(Files.readAllBytes(FOLDER.resolve("pictures").resolve(name)), name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static float[] floats(JsonNode base64) {
        byte[] bytes = Base64.getDecoder().decode(base64.textValue());
        float[] values = new float[bytes.length / 4];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
