package org.fednano.pretrain;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.fednano.llm.model.LlamaDecoder;
import org.fednano.vision.VisionTower;
import org.fednano.weights.FloatTensor;

/** Shape of the shipped model: its configuration files, its tensors and how they start. */
final class NanoLlava {

    /** Longest sequence that the config admits; rotary positions cost nothing. */
    static final int MAX_POSITIONS = 1024;

    private static final int HIDDEN = 128;
    private static final int IMAGE_SIZE = 48;
    private static final int PATCH = 12;
    private static final int VISION_LAYERS = 3;
    private static final int VISION_MLP = 256;
    private static final int LAYERS = 4;
    private static final int MLP = 256;
    private static final int HEADS = 4;
    private static final int PATCHES = (IMAGE_SIZE / PATCH) * (IMAGE_SIZE / PATCH);

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private NanoLlava() {}

    /** Text of {@code config.json}. */
    static String configJson(WordPieceVocabulary vocabulary) {
        ObjectNode root = JSON.createObjectNode().put("model_type", "llava").put("torch_dtype", "float32");
        root.putArray("architectures").add("LlavaForConditionalGeneration");
        root.put("image_token_index", vocabulary.id(WordPieceVocabulary.IMAGE))
                .put("image_seq_length", PATCHES)
                .put("projector_hidden_act", "gelu")
                .put("vision_feature_layer", -1)
                .put("vision_feature_select_strategy", "default")
                .put("tie_word_embeddings", false)
                .put("pad_token_id", vocabulary.id(WordPieceVocabulary.PAD));
        root.putObject("text_config")
                .put("model_type", "llama")
                .put("hidden_size", HIDDEN)
                .put("intermediate_size", MLP)
                .put("num_hidden_layers", LAYERS)
                .put("num_attention_heads", HEADS)
                .put("num_key_value_heads", HEADS)
                .put("hidden_act", "silu")
                .put("rms_norm_eps", 1e-6)
                .put("rope_theta", 10000.0)
                .put("max_position_embeddings", MAX_POSITIONS)
                .put("vocab_size", vocabulary.size())
                .put("tie_word_embeddings", false)
                .put("bos_token_id", vocabulary.id(WordPieceVocabulary.START))
                .put("eos_token_id", vocabulary.id(WordPieceVocabulary.END))
                .put("pad_token_id", vocabulary.id(WordPieceVocabulary.PAD))
                .put("torch_dtype", "float32");
        root.putObject("vision_config")
                .put("model_type", "clip_vision_model")
                .put("hidden_size", HIDDEN)
                .put("intermediate_size", VISION_MLP)
                .put("num_hidden_layers", VISION_LAYERS)
                .put("num_attention_heads", HEADS)
                .put("image_size", IMAGE_SIZE)
                .put("patch_size", PATCH)
                .put("hidden_act", "gelu")
                .put("layer_norm_eps", 1e-5)
                .put("projection_dim", HIDDEN)
                .put("torch_dtype", "float32");
        return root.toPrettyString() + "\n";
    }

    /**
     * Text of {@code preprocessor_config.json}: the whole picture, squeezed to a square; nothing is cropped away. The factor
     * is 1/255 as float32 holds it: pixels are those that the model of version 0.1 was trained with, bit for bit.
     */
    static String preprocessorJson() {
        ObjectNode root = JSON.createObjectNode()
                .put("image_processor_type", "CLIPImageProcessor")
                .put("do_convert_rgb", true)
                .put("do_resize", true)
                .put("resample", 3)
                .put("do_center_crop", false)
                .put("do_rescale", true)
                .put("rescale_factor", (double) (1 / 255f))
                .put("do_normalize", true);
        root.putObject("size").put("height", IMAGE_SIZE).put("width", IMAGE_SIZE);
        root.putArray("image_mean").add(0.5).add(0.5).add(0.5);
        root.putArray("image_std").add(0.5).add(0.5).add(0.5);
        return root.toPrettyString() + "\n";
    }

    /**
     * Tensors before training, in the order in which they are stored: matrices normal with variance 1/inputs, those that
     * write into the residual stream smaller by the root of the number of writers, norms at one, biases at zero.
     */
    static Map<String, FloatTensor> initial(WordPieceVocabulary vocabulary, long seed) {
        Map<String, FloatTensor> t = new LinkedHashMap<>();
        Random random = new Random(seed);
        String llm = LlamaDecoder.PREFIX;
        double residual = 1 / Math.sqrt(2.0 * LAYERS);
        t.put(llm + "model.embed_tokens.weight", normal(random, 0.3, vocabulary.size(), HIDDEN));
        for (int layer = 0; layer < LAYERS; layer++) {
            String name = llm + "model.layers." + layer + ".";
            for (String p : new String[] {"q", "k", "v"}) {
                t.put(name + "self_attn." + p + "_proj.weight", matrix(random, 1, HIDDEN, HIDDEN));
            }
            t.put(name + "self_attn.o_proj.weight", matrix(random, residual, HIDDEN, HIDDEN));
            t.put(name + "mlp.gate_proj.weight", matrix(random, 1, MLP, HIDDEN));
            t.put(name + "mlp.up_proj.weight", matrix(random, 1, MLP, HIDDEN));
            t.put(name + "mlp.down_proj.weight", matrix(random, residual, HIDDEN, MLP));
            t.put(name + "input_layernorm.weight", constant(1, HIDDEN));
            t.put(name + "post_attention_layernorm.weight", constant(1, HIDDEN));
        }
        t.put(llm + "model.norm.weight", constant(1, HIDDEN));
        t.put(llm + "lm_head.weight", matrix(random, 1, vocabulary.size(), HIDDEN));
        initialVision(t, random);
        return t;
    }

    private static void initialVision(Map<String, FloatTensor> t, Random random) {
        String tower = VisionTower.TOWER;
        double residual = 1 / Math.sqrt(2.0 * VISION_LAYERS);
        t.put(tower + "embeddings.class_embedding", normal(random, 0.3, HIDDEN));
        t.put(
                tower + "embeddings.patch_embedding.weight",
                normal(random, 1 / Math.sqrt(3.0 * PATCH * PATCH), HIDDEN, 3, PATCH, PATCH));
        t.put(tower + "embeddings.position_embedding.weight", normal(random, 0.3, PATCHES + 1, HIDDEN));
        norm(t, tower + "pre_layrnorm");
        for (int layer = 0; layer < VISION_LAYERS; layer++) {
            String name = tower + "encoder.layers." + layer + ".";
            norm(t, name + "layer_norm1");
            for (String p : new String[] {"q_proj", "k_proj", "v_proj", "out_proj"}) {
                double gain = p.equals("out_proj") ? residual : 1;
                t.put(name + "self_attn." + p + ".weight", matrix(random, gain, HIDDEN, HIDDEN));
                t.put(name + "self_attn." + p + ".bias", constant(0, HIDDEN));
            }
            norm(t, name + "layer_norm2");
            t.put(name + "mlp.fc1.weight", matrix(random, 1, VISION_MLP, HIDDEN));
            t.put(name + "mlp.fc1.bias", constant(0, VISION_MLP));
            t.put(name + "mlp.fc2.weight", matrix(random, residual, HIDDEN, VISION_MLP));
            t.put(name + "mlp.fc2.bias", constant(0, HIDDEN));
        }
        // LLaVA never uses the last norm; it is stored so that the checkpoint is complete for other tools.
        norm(t, tower + "post_layernorm");
        t.put(VisionTower.PROJECTOR + "linear_1.weight", matrix(random, 1, HIDDEN, HIDDEN));
        t.put(VisionTower.PROJECTOR + "linear_1.bias", constant(0, HIDDEN));
        t.put(VisionTower.PROJECTOR + "linear_2.weight", matrix(random, 0.5, HIDDEN, HIDDEN));
        t.put(VisionTower.PROJECTOR + "linear_2.bias", constant(0, HIDDEN));
    }

    private static void norm(Map<String, FloatTensor> t, String name) {
        t.put(name + ".weight", constant(1, HIDDEN));
        t.put(name + ".bias", constant(0, HIDDEN));
    }

    private static FloatTensor matrix(Random random, double gain, int out, int in) {
        return normal(random, gain / Math.sqrt(in), out, in);
    }

    private static FloatTensor normal(Random random, double deviation, long... shape) {
        float[] values = constant(0, shape).values();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return new FloatTensor(values, shape);
    }

    private static FloatTensor constant(float value, long... shape) {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        float[] values = new float[(int) count];
        java.util.Arrays.fill(values, value);
        return new FloatTensor(values, shape);
    }
}
