package org.fednano.encoder;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.fednano.prompt.PromptStyle;
import org.fednano.sample.Medium;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.testing.TestTensors;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.TensorSource;

/** A vision tower of random weights for 8 x 8 pictures in four patches, with a tokenizer of a few words. */
public final class TinyEncoder {

    public static final int HIDDEN = 16;
    static final int WIDTH = 16;
    static final int IMAGE = 4;
    static final int END = 3;

    public static final String CONFIG =
            """
            {"model_type": "llava", "image_token_index": 4, "vision_feature_layer": %d,
             "vision_feature_select_strategy": "%s",
             "text_config": {"model_type": "llama", "hidden_size": 16, "eos_token_id": 3},
             "vision_config": {"model_type": "clip_vision_model", "hidden_size": 16, "intermediate_size": 32,
               "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 8, "patch_size": 4}}
            """;
    public static final String PREPROCESSOR =
            """
            {"size": {"height": 8, "width": 8}, "do_center_crop": false,
             "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.25, 0.5]}
            """;
    static final String TOKENIZER =
            """
            {"version": "1.0", "truncation": null, "padding": null,
             "added_tokens": [
               {"id": 1, "content": "<unk>", "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true},
               {"id": 3, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true},
               {"id": 4, "content": "<image>", "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true}],
             "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
               "strip_accents": true, "lowercase": true},
             "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": null,
             "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
             "model": {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##",
               "max_input_chars_per_word": 100,
               "vocab": {"<pad>": 0, "<unk>": 1, "<s>": 2, "</s>": 3, "<image>": 4, "user": 5, ":": 6,
                 "what": 7, "color": 8, "?": 9, "red": 10, "blue": 11, "r": 12, "##e": 13, "##d": 14, "<": 15,
                 "image": 16, ">": 17}}}
            """;

    private TinyEncoder() {}

    static NanoEdgeSpec spec(int batchSize) {
        return spec("USER: {image}\n{question}", batchSize, vision());
    }

    static NanoEdgeSpec spec(String template, int batchSize, EncoderSpec... encoders) {
        return new NanoEdgeSpec(
                CONFIG.formatted(-1, "default"),
                TOKENIZER,
                PromptStyle.plain(template),
                32,
                batchSize,
                List.of(encoders));
    }

    static HfVisionSpec vision() {
        return new HfVisionSpec(CONFIG.formatted(-1, "default"), PREPROCESSOR, "w");
    }

    /** Where the weights are, for a client with pictures alone. */
    static Map<String, EncoderSource> sources() {
        return sources(weights());
    }

    static Map<String, EncoderSource> sources(Map<String, FloatTensor> weights) {
        return Map.of("image", new EncoderSource(TensorSource.of(weights), null));
    }

    public static Map<String, FloatTensor> weights() {
        Random random = new Random(5);
        Map<String, FloatTensor> t = new LinkedHashMap<>();
        String tower = "vision_tower.vision_model.";
        put(t, random, tower + "embeddings.class_embedding", WIDTH);
        put(t, random, tower + "embeddings.patch_embedding.weight", WIDTH, 3, 4, 4);
        put(t, random, tower + "embeddings.position_embedding.weight", 5, WIDTH);
        for (String name : new String[] {"pre_layrnorm", "post_layernorm"}) {
            linear(t, random, tower + name, WIDTH);
        }
        for (int layer = 0; layer < 2; layer++) {
            String name = tower + "encoder.layers." + layer + ".";
            linear(t, random, name + "layer_norm1", WIDTH);
            linear(t, random, name + "layer_norm2", WIDTH);
            for (String p : new String[] {"q", "k", "v", "out"}) {
                linear(t, random, name + "self_attn." + p + "_proj", WIDTH, WIDTH);
            }
            linear(t, random, name + "mlp.fc1", 32, WIDTH);
            linear(t, random, name + "mlp.fc2", WIDTH, 32);
        }
        linear(t, random, "multi_modal_projector.linear_1", HIDDEN, WIDTH);
        linear(t, random, "multi_modal_projector.linear_2", HIDDEN, HIDDEN);
        return t;
    }

    private static void linear(Map<String, FloatTensor> t, Random random, String name, int... shape) {
        put(t, random, name + ".weight", shape);
        put(t, random, name + ".bias", shape[0]);
    }

    private static void put(Map<String, FloatTensor> t, Random random, String name, int... shape) {
        t.put(name, TestTensors.normal(random, 0.5, shape));
    }

    /** Row of the embedding table: the id in every place. */
    static float[] rows(int[] ids) {
        float[] rows = new float[ids.length * HIDDEN];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = ids[i / HIDDEN];
        }
        return rows;
    }

    static Sample sample(String id, byte[] image, String question) {
        return new Sample(
                id,
                "c1",
                Split.TRAIN,
                Medium.picture(image),
                question,
                "",
                List.of("red", "blue"),
                "red",
                0,
                "choose_txt",
                "color",
                "t");
    }
}
