package org.fednano.encoder;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.fednano.testing.TestSounds;
import org.fednano.testing.TestTensors;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.SafeTensorsWriter;

/** Folders of small TorchScript encoders, and files that they read. */
final class TinyModules {

    /** Where make_encoders.py puts them. */
    static final Path SCRIPTED = Path.of("src/test/resources/encoders");

    static final String PATCHES = "{\"format\": 1, \"input\": \"image\", \"image_size\": 8, \"tokens\": 4}";
    static final String FRAMES =
            "{\"format\": 1, \"input\": \"wav\", \"sampling_rate\": 320, \"seconds\": 0.5, \"tokens\": 2}";
    static final String STEPS = "{\"format\": 1, \"input\": \"npy\", \"shape\": [3, 4], \"tokens\": 3}";

    private TinyModules() {}

    /** A whole folder; the connector leads from {@code width} to {@code hidden}. */
    static Path folder(Path folder, String module, String json, Map<String, FloatTensor> connector) {
        try {
            Files.createDirectories(folder);
            Files.copy(SCRIPTED.resolve(module + ".pt"), folder.resolve("encoder.pt"));
            Files.writeString(folder.resolve("encoder.json"), json);
            if (json.contains("\"image\"")) {
                Files.writeString(folder.resolve("preprocessor_config.json"), TinyEncoder.PREPROCESSOR);
            }
            SafeTensorsWriter.write(folder.resolve("connector.safetensors"), connector, Map.of());
            return folder;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static Map<String, FloatTensor> linear(int width, int hidden, int seed) {
        Map<String, FloatTensor> tensors = new LinkedHashMap<>();
        layer(tensors, "linear", width, hidden, new Random(seed));
        return tensors;
    }

    static Map<String, FloatTensor> mlp(int width, int inner, int hidden, int seed) {
        Map<String, FloatTensor> tensors = new LinkedHashMap<>();
        Random random = new Random(seed);
        layer(tensors, "linear_1", width, inner, random);
        layer(tensors, "linear_2", inner, hidden, random);
        return tensors;
    }

    private static void layer(Map<String, FloatTensor> tensors, String name, int in, int out, Random random) {
        tensors.put(name + ".weight", TestTensors.normal(random, 0.5, out, in));
        tensors.put(name + ".bias", TestTensors.normal(random, 0.5, out));
    }

    /** A tone: 160 samples, of another pitch for each seed. */
    static byte[] tone(int seed) {
        short[] samples = new short[160];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (short) (20000 * Math.sin(0.05 * (seed + 1) * i));
        }
        return TestSounds.wav(320, samples);
    }

    /** An .npy file, version 1. */
    static byte[] npy(String header, float... values) {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
        String padded = header + " ".repeat(Math.floorMod(-(11 + header.length()), 64)) + "\n";
        file.writeBytes(new byte[] {(byte) padded.length(), (byte) (padded.length() >> 8)});
        file.writeBytes(ascii(padded));
        ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        file.writeBytes(data.array());
        return file.toByteArray();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
