package org.fednano.benchmarks;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.fednano.llm.model.DecoderTensors;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.LlamaConfig;
import org.fednano.weights.HalfFloats;
import org.fednano.weights.HfModelFolder;

/**
 * Peak memory of loading a sharded decoder whose weights take 2 GB in float32, from float32 files and from bfloat16 ones, in
 * a JVM of its own with a small heap. Resident memory is the kernel's own count: VmHWM, all of the process at its highest, and
 * the highest RssAnon seen in samples of 10 ms. The base is a JVM with the engine loaded and no model. Arguments:
 * {@code layers=7}, {@code hidden=2048}, {@code intermediate=5504}, {@code vocabulary=32000}. Linux only.
 */
public final class DecoderLoading {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int SHARDS = 4;

    /** Values that repeat through each tensor; small enough that a probe through random layers stays finite. */
    private static final float[] PATTERN = new float[1 << 16];

    static {
        for (int i = 0; i < PATTERN.length; i++) {
            PATTERN[i] = HalfFloats.fromBf16(HalfFloats.toBf16((float) (0.02 * Math.sin(12.9898 * i))));
        }
    }

    private DecoderLoading() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length == 2 && args[0].equals("load")) {
            load(Path.of(args[1]));
            return;
        }
        Map<String, Integer> options =
                new LinkedHashMap<>(Map.of("layers", 7, "hidden", 2048, "intermediate", 5504, "vocabulary", 32000));
        for (String arg : args) {
            String[] parts = arg.split("=", 2);
            if (parts.length != 2 || options.replace(parts[0], Integer.valueOf(parts[1])) == null) {
                throw new IllegalArgumentException(
                        "Expected key=number with a key of " + options.keySet() + ": " + arg);
            }
        }
        for (String dtype : List.of("F32", "BF16")) {
            Path folder = Files.createTempDirectory("decoder-loading");
            try {
                write(folder, config(options), dtype);
                child(folder, dtype);
            } finally {
                delete(folder);
            }
        }
    }

    private static ObjectNode config(Map<String, Integer> options) {
        int hidden = options.get("hidden");
        return JSON.createObjectNode()
                .put("model_type", "llama")
                .put("hidden_size", hidden)
                .put("intermediate_size", options.get("intermediate"))
                .put("num_hidden_layers", options.get("layers"))
                .put("num_attention_heads", hidden / 128)
                .put("vocab_size", options.get("vocabulary"));
    }

    /** Shards of about the same size, tensors in their order, and the index. */
    private static void write(Path folder, ObjectNode config, String dtype) throws IOException {
        Files.writeString(folder.resolve("config.json"), config.toString());
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
        Map<String, long[]> shapes = DecoderTensors.shapes(LlamaConfig.of(config));
        long total = shapes.values().stream().mapToLong(DecoderLoading::size).sum();
        ObjectNode index = JSON.createObjectNode();
        ObjectNode map = index.putObject("weight_map");
        List<Map<String, long[]>> shards = new ArrayList<>();
        long done = 0;
        for (Map.Entry<String, long[]> e : shapes.entrySet()) {
            if (shards.size() * total / SHARDS <= done) {
                shards.add(new LinkedHashMap<>());
            }
            String name = e.getKey().replace("language_model.", "");
            shards.get(shards.size() - 1).put(name, e.getValue());
            map.put(name, shardName(shards.size() - 1));
            done += size(e.getValue());
        }
        for (int i = 0; i < shards.size(); i++) {
            writeShard(folder.resolve(shardName(i)), shards.get(i), dtype);
        }
        Files.writeString(folder.resolve("model.safetensors.index.json"), index.toString());
    }

    private static String shardName(int shard) {
        return String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", shard + 1, SHARDS);
    }

    private static long size(long[] shape) {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    private static void writeShard(Path file, Map<String, long[]> shapes, String dtype) throws IOException {
        int width = dtype.equals("F32") ? 4 : 2;
        ObjectNode header = JSON.createObjectNode();
        long offset = 0;
        for (Map.Entry<String, long[]> e : shapes.entrySet()) {
            ObjectNode entry = header.putObject(e.getKey()).put("dtype", dtype);
            entry.set("shape", JSON.valueToTree(e.getValue()));
            long end = offset + width * size(e.getValue());
            entry.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer block = ByteBuffer.allocate(width * PATTERN.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : PATTERN) {
            if (width == 4) {
                block.putFloat(value);
            } else {
                block.putShort(HalfFloats.toBf16(value));
            }
        }
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(json.length)
                    .array());
            out.write(json);
            for (long[] shape : shapes.values()) {
                for (long left = width * size(shape); left > 0; left -= block.capacity()) {
                    out.write(block.array(), 0, (int) Math.min(left, block.capacity()));
                }
            }
        }
    }

    private static void child(Path folder, String dtype) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-Dai.djl.offline=true",
                "-DOPT_OUT_TRACKING=true",
                "-cp",
                System.getProperty("java.class.path"),
                DecoderLoading.class.getName(),
                "load",
                folder.toString()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        JsonNode found;
        try (var in = process.getInputStream()) {
            byte[] output = in.readAllBytes();
            if (process.waitFor() != 0) {
                throw new IllegalStateException(
                        "The loading JVM failed: " + new String(output, StandardCharsets.UTF_8));
            }
            found = JSON.readTree(output);
        }
        double weights = found.get("weights").doubleValue();
        double base = found.get("base").doubleValue();
        double peak = found.get("peak").doubleValue();
        System.out.printf(
                Locale.ROOT,
                "%-4s files: weights %.3f GB in float32, JVM and engine alone %.3f GB; peak %.3f GB = %.3f x weights,"
                        + " %.3f x beyond the base; anonymous %.3f GB at most = %.3f x; %.1f s%n",
                dtype,
                weights / 1e9,
                base / 1e9,
                peak / 1e9,
                peak / weights,
                (peak - base) / weights,
                found.get("anonymous").doubleValue() / 1e9,
                found.get("anonymous").doubleValue() / weights,
                found.get("seconds").doubleValue());
    }

    /** The other JVM: one line of JSON, in bytes and seconds. */
    private static void load(Path folder) {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            manager.ones(new ai.djl.ndarray.types.Shape(64, 64))
                    .matMul(manager.ones(new ai.djl.ndarray.types.Shape(64, 64)))
                    .toFloatArray();
        }
        long base = status("VmRSS:");
        long[] anonymous = {0};
        Thread sampler = new Thread(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                anonymous[0] = Math.max(anonymous[0], status("RssAnon:"));
                try {
                    Thread.sleep(10);
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
        sampler.setDaemon(true);
        sampler.start();
        long started = System.nanoTime();
        try (EmbeddedLlm llm = EmbeddedLlm.open(HfModelFolder.open(folder))) {
            double seconds = (System.nanoTime() - started) / 1e9;
            long peak = status("VmHWM:");
            sampler.interrupt();
            check(llm);
            long weights = 4
                    * DecoderTensors.shapes(llm.config()).values().stream()
                            .mapToLong(DecoderLoading::size)
                            .sum();
            System.out.println(JSON.createObjectNode()
                    .put("weights", weights)
                    .put("base", base)
                    .put("peak", peak)
                    .put("anonymous", anonymous[0])
                    .put("seconds", seconds));
        }
    }

    /** The last embedding rows are what was written: nothing was skipped or shifted. */
    private static void check(EmbeddedLlm llm) {
        int hidden = llm.config().hidden();
        int last = llm.config().vocabulary() - 1;
        float[] rows = llm.embed(new int[] {0, last});
        for (int i = 0; i < 2 * hidden; i++) {
            long at = i < hidden ? i : (long) last * hidden + i - hidden;
            if (rows[i] != PATTERN[(int) (at % PATTERN.length)]) {
                throw new IllegalStateException("Embedding value " + at + " is not what was written");
            }
        }
    }

    private static long status(String field) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith(field))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
