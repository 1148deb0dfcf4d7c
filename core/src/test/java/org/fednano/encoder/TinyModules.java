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
        tensors.put(name + ".weight", new FloatTensor(normal(in * out, random), out, in));
        tensors.put(name + ".bias", new FloatTensor(normal(out, random), out));
    }

    private static float[] normal(int size, Random random) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (0.5 * random.nextGaussian());
        }
        return values;
    }

    /** A mono WAV file of PCM samples, 16 bits. */
    static byte[] wav(int rate, short... samples) {
        ByteBuffer data = ByteBuffer.allocate(2 * samples.length).order(ByteOrder.LITTLE_ENDIAN);
        data.asShortBuffer().put(samples);
        return wav(1, 1, rate, 16, data.array());
    }

    static byte[] wav(int coding, int channels, int rate, int bits, byte[] data) {
        ByteBuffer file = ByteBuffer.allocate(44 + data.length).order(ByteOrder.LITTLE_ENDIAN);
        file.put(ascii("RIFF")).putInt(36 + data.length).put(ascii("WAVE"));
        file.put(ascii("fmt ")).putInt(16).putShort((short) coding).putShort((short) channels);
        file.putInt(rate).putInt(rate * channels * bits / 8);
        file.putShort((short) (channels * bits / 8)).putShort((short) bits);
        file.put(ascii("data")).putInt(data.length).put(data);
        return file.array();
    }

    /** A tone: 160 samples, of another pitch for each seed. */
    static byte[] tone(int seed) {
        short[] samples = new short[160];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (short) (20000 * Math.sin(0.05 * (seed + 1) * i));
        }
        return wav(320, samples);
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
