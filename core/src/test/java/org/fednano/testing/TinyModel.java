package org.fednano.testing;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.SafeTensorsWriter;

/** A real model folder, only tiny and untrained: LLaVA's structure with H = 16, one layer each, images of 16 × 16. */
public final class TinyModel {

    /** Its hidden size. */
    public static final int HIDDEN = 16;

    private static final List<String> SPECIAL = List.of("<pad>", "<unk>", "<s>", "</s>", "<image>");
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private TinyModel() {}

    /** Writes the folder. */
    public static Path write(Path folder, long seed) throws IOException {
        Files.createDirectories(folder);
        List<String> pieces = pieces();
        Files.writeString(folder.resolve("config.json"), config(pieces.size()));
        Files.writeString(folder.resolve("tokenizer.json"), tokenizer(pieces));
        Files.writeString(folder.resolve("preprocessor_config.json"), preprocessor());
        SafeTensorsWriter.write(folder.resolve("model.safetensors"), tensors(seed, pieces.size()), Map.of());
        return folder;
    }

    private static List<String> pieces() {
        List<String> pieces = new ArrayList<>(SPECIAL);
        for (char c = '!'; c <= '~'; c++) {
            if (!Character.isUpperCase(c)) {
                pieces.add(String.valueOf(c));
            }
        }
        for (char c = 'a'; c <= 'z'; c++) {
            pieces.add("##" + c);
        }
        return pieces;
    }

    private static String config(int vocabulary) {
        ObjectNode root = JSON.createObjectNode().put("model_type", "llava").put("image_token_index", 4);
        root.put("projector_hidden_act", "gelu")
                .put("vision_feature_layer", -1)
                .put("vision_feature_select_strategy", "default");
        root.putObject("text_config")
                .put("model_type", "llama")
                .put("hidden_size", HIDDEN)
                .put("intermediate_size", 24)
                .put("num_hidden_layers", 1)
                .put("num_attention_heads", 2)
                .put("num_key_value_heads", 2)
                .put("hidden_act", "silu")
                .put("rms_norm_eps", 1e-6)
                .put("rope_theta", 10000.0)
                .put("max_position_embeddings", 256)
                .put("vocab_size", vocabulary)
                .put("tie_word_embeddings", false)
                .put("bos_token_id", 2)
                .put("eos_token_id", 3);
        root.putObject("vision_config")
                .put("model_type", "clip_vision_model")
                .put("hidden_size", HIDDEN)
                .put("intermediate_size", 24)
                .put("num_hidden_layers", 1)
                .put("num_attention_heads", 2)
                .put("image_size", 16)
                .put("patch_size", 8)
                .put("hidden_act", "quick_gelu")
                .put("layer_norm_eps", 1e-5);
        return root.toPrettyString();
    }

    private static String preprocessor() {
        ObjectNode root = JSON.createObjectNode()
                .put("image_processor_type", "CLIPImageProcessor")
                .put("do_convert_rgb", true)
                .put("do_resize", true)
                .put("resample", 3)
                .put("do_center_crop", false)
                .put("do_rescale", true)
                .put("rescale_factor", 1 / 255.0)
                .put("do_normalize", true);
        root.putObject("size").put("height", 16).put("width", 16);
        root.putArray("image_mean").add(0.5).add(0.5).add(0.5);
        root.putArray("image_std").add(0.5).add(0.5).add(0.5);
        return root.toPrettyString();
    }

    private static String tokenizer(List<String> pieces) {
        ObjectNode root = JSON.createObjectNode().put("version", "1.0");
        root.putNull("truncation");
        root.putNull("padding");
        var added = root.putArray("added_tokens");
        for (String token : SPECIAL) {
            added.addObject()
                    .put("id", pieces.indexOf(token))
                    .put("content", token)
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .put("special", true);
        }
        root.putObject("normalizer")
                .put("type", "BertNormalizer")
                .put("clean_text", true)
                .put("handle_chinese_chars", true)
                .put("strip_accents", true)
                .put("lowercase", true);
        root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
        root.putNull("post_processor");
        root.putObject("decoder").put("type", "WordPiece").put("prefix", "##").put("cleanup", true);
        ObjectNode model = root.putObject("model")
                .put("type", "WordPiece")
                .put("unk_token", "<unk>")
                .put("continuing_subword_prefix", "##")
                .put("max_input_chars_per_word", 100);
        ObjectNode vocabulary = model.putObject("vocab");
        for (int id = 0; id < pieces.size(); id++) {
            vocabulary.put(pieces.get(id), id);
        }
        return root.toString();
    }

    private static Map<String, FloatTensor> tensors(long seed, int vocabulary) {
        Map<String, FloatTensor> t = new TreeMap<>();
        Random random = new Random(seed);
        String llm = "language_model.";
        t.put(llm + "model.embed_tokens.weight", normal(random, vocabulary, HIDDEN));
        String layer = llm + "model.layers.0.";
        for (String p : List.of("q", "k", "v", "o")) {
            t.put(layer + "self_attn." + p + "_proj.weight", normal(random, HIDDEN, HIDDEN));
        }
        t.put(layer + "mlp.gate_proj.weight", normal(random, 24, HIDDEN));
        t.put(layer + "mlp.up_proj.weight", normal(random, 24, HIDDEN));
        t.put(layer + "mlp.down_proj.weight", normal(random, HIDDEN, 24));
        t.put(layer + "input_layernorm.weight", ones(HIDDEN));
        t.put(layer + "post_attention_layernorm.weight", ones(HIDDEN));
        t.put(llm + "model.norm.weight", ones(HIDDEN));
        t.put(llm + "lm_head.weight", normal(random, vocabulary, HIDDEN));

        String tower = "vision_tower.vision_model.";
        t.put(tower + "embeddings.class_embedding", normal(random, HIDDEN));
        t.put(tower + "embeddings.patch_embedding.weight", normal(random, HIDDEN, 3, 8, 8));
        t.put(tower + "embeddings.position_embedding.weight", normal(random, 5, HIDDEN));
        norm(t, tower + "pre_layrnorm");
        norm(t, tower + "post_layernorm");
        String block = tower + "encoder.layers.0.";
        norm(t, block + "layer_norm1");
        norm(t, block + "layer_norm2");
        for (String p : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
            t.put(block + "self_attn." + p + ".weight", normal(random, HIDDEN, HIDDEN));
            t.put(block + "self_attn." + p + ".bias", normal(random, HIDDEN));
        }
        t.put(block + "mlp.fc1.weight", normal(random, 24, HIDDEN));
        t.put(block + "mlp.fc1.bias", normal(random, 24));
        t.put(block + "mlp.fc2.weight", normal(random, HIDDEN, 24));
        t.put(block + "mlp.fc2.bias", normal(random, HIDDEN));
        for (String p : List.of("linear_1", "linear_2")) {
            t.put("multi_modal_projector." + p + ".weight", normal(random, HIDDEN, HIDDEN));
            t.put("multi_modal_projector." + p + ".bias", normal(random, HIDDEN));
        }
        return t;
    }

    private static void norm(Map<String, FloatTensor> t, String name) {
        t.put(name + ".weight", ones(HIDDEN));
        t.put(name + ".bias", new FloatTensor(new float[HIDDEN], HIDDEN));
    }

    private static FloatTensor ones(int size) {
        float[] values = new float[size];
        Arrays.fill(values, 1);
        return new FloatTensor(values, size);
    }

    private static FloatTensor normal(Random random, int... shape) {
        return TestTensors.normal(random, 0.3, shape);
    }
}
