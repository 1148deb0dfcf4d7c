package org.fednano.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** A model folder whose vision tower is as large as asked for, in float32, and whose LLM is tiny. */
final class WideEncoder {

    private static final int WIDTH = 2048; // D
    private static final int MLP = 4 * WIDTH;
    private static final int HIDDEN = 64; // H
    private static final int SIDE = 112;
    private static final int PATCH = 14;
    private static final long LAYER_BYTES = 4L * (4L * WIDTH * WIDTH + 2L * WIDTH * MLP);

    private WideEncoder() {}

    /**
     * Writes the folder, a tensor at a time.
     *
     * @param tokenizer the tokenizer.json to use; its vocabulary decides the LLM's
     * @return bytes of vision tower and connector
     */
    static long write(Path folder, double gigabytes, Path tokenizer) throws IOException {
        Files.createDirectories(folder);
        int layers = Math.max(1, (int) Math.ceil(gigabytes * 1e9 / LAYER_BYTES));
        ObjectMapper json = new ObjectMapper();
        ObjectNode config = (ObjectNode)
                json.readTree(tokenizer.resolveSibling("config.json").toFile());
        int vocabulary = config.at("/text_config/vocab_size").asInt();
        config.put("vision_feature_layer", -1);
        ((ObjectNode) config.get("vision_config"))
                .put("hidden_size", WIDTH)
                .put("intermediate_size", MLP)
                .put("num_hidden_layers", layers)
                .put("num_attention_heads", 16)
                .put("image_size", SIDE)
                .put("patch_size", PATCH);
        ((ObjectNode) config.get("text_config"))
                .put("hidden_size", HIDDEN)
                .put("intermediate_size", HIDDEN)
                .put("num_hidden_layers", 1)
                .put("num_attention_heads", 2)
                .put("num_key_value_heads", 2)
                .put("head_dim", HIDDEN / 2);
        json.writeValue(folder.resolve("config.json").toFile(), config);
        ObjectNode preprocessor = json.createObjectNode().put("do_center_crop", false);
        preprocessor.putObject("size").put("height", SIDE).put("width", SIDE);
        json.writeValue(folder.resolve("preprocessor_config.json").toFile(), preprocessor);
        Files.copy(tokenizer, folder.resolve("tokenizer.json"));
        Map<String, long[]> encoder = encoder(layers);
        Map<String, long[]> all = new TreeMap<>(encoder);
        all.putAll(llm(vocabulary));
        write(folder.resolve("model.safetensors"), all);
        return encoder.values().stream().mapToLong(WideEncoder::bytes).sum();
    }

    private static Map<String, long[]> encoder(int layers) {
        Map<String, long[]> shapes = new TreeMap<>();
        String tower = "vision_tower.vision_model.";
        shapes.put(tower + "embeddings.class_embedding", new long[] {WIDTH});
        shapes.put(tower + "embeddings.patch_embedding.weight", new long[] {WIDTH, 3, PATCH, PATCH});
        shapes.put(tower + "embeddings.position_embedding.weight", new long[] {SIDE * SIDE / PATCH / PATCH + 1, WIDTH});
        linear(shapes, tower + "pre_layrnorm", WIDTH);
        linear(shapes, tower + "post_layernorm", WIDTH);
        for (int layer = 0; layer < layers; layer++) {
            String name = tower + "encoder.layers." + layer + ".";
            linear(shapes, name + "layer_norm1", WIDTH);
            linear(shapes, name + "layer_norm2", WIDTH);
            for (String part : new String[] {"q", "k", "v", "out"}) {
                linear(shapes, name + "self_attn." + part + "_proj", WIDTH, WIDTH);
            }
            linear(shapes, name + "mlp.fc1", MLP, WIDTH);
            linear(shapes, name + "mlp.fc2", WIDTH, MLP);
        }
        linear(shapes, "multi_modal_projector.linear_1", HIDDEN, WIDTH);
        linear(shapes, "multi_modal_projector.linear_2", HIDDEN, HIDDEN);
        return shapes;
    }

    private static Map<String, long[]> llm(int vocabulary) {
        Map<String, long[]> shapes = new TreeMap<>();
        String model = "language_model.model.";
        String layer = model + "layers.0.";
        shapes.put(model + "embed_tokens.weight", new long[] {vocabulary, HIDDEN});
        shapes.put("language_model.lm_head.weight", new long[] {vocabulary, HIDDEN});
        for (String part : new String[] {
            "self_attn.q_proj",
            "self_attn.k_proj",
            "self_attn.v_proj",
            "self_attn.o_proj",
            "mlp.gate_proj",
            "mlp.up_proj",
            "mlp.down_proj"
        }) {
            shapes.put(layer + part + ".weight", new long[] {HIDDEN, HIDDEN});
        }
        for (String norm :
                new String[] {layer + "input_layernorm", layer + "post_attention_layernorm", model + "norm"}) {
            shapes.put(norm + ".weight", new long[] {HIDDEN});
        }
        return shapes;
    }

    private static void linear(Map<String, long[]> shapes, String name, long... shape) {
        shapes.put(name + ".weight", shape);
        shapes.put(name + ".bias", new long[] {shape[0]});
    }

    private static long bytes(long[] shape) {
        long size = 4;
        for (long s : shape) {
            size *= s;
        }
        return size;
    }

    private static void write(Path file, Map<String, long[]> shapes) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode header = json.createObjectNode();
        long at = 0;
        for (Map.Entry<String, long[]> e : shapes.entrySet()) {
            ObjectNode tensor = header.putObject(e.getKey()).put("dtype", "F32");
            var sizes = tensor.putArray("shape");
            for (long size : e.getValue()) {
                sizes.add(size);
            }
            tensor.putArray("data_offsets").add(at).add(at += bytes(e.getValue()));
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer window = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        long state = 1;
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(text.length)
                    .array());
            out.write(text);
            for (long left = at; left > 0; left -= window.limit()) {
                window.clear().limit((int) Math.min(window.capacity(), left));
                while (window.hasRemaining()) {
                    state = state * 6364136223846793005L + 1442695040888963407L;
                    window.putFloat((state >> 40) * 0x1p-28f); // within ±0.03: no value repeats, nothing compresses
                }
                out.write(window.array(), 0, window.limit());
            }
        }
    }
}
