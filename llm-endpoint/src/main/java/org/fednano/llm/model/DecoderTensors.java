package org.fednano.llm.model;

import static org.fednano.llm.model.LlamaDecoder.EMBEDDINGS;
import static org.fednano.llm.model.LlamaDecoder.GATE_UP;
import static org.fednano.llm.model.LlamaDecoder.OUTPUT;
import static org.fednano.llm.model.LlamaDecoder.PREFIX;
import static org.fednano.llm.model.LlamaDecoder.QKV;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fednano.settings.JobException;
import org.fednano.weights.StackedTensors;
import org.fednano.weights.TensorSource;

/** The tensors that a config's decoder is made of. */
public final class DecoderTensors {

    private DecoderTensors() {}

    /**
     * A decoder's tensors out of a model's, checked, with those stacked that are multiplied with the same input; only for
     * weights that never change.
     *
     * @throws JobException with status 3 if one is missing or of another shape, or if the model has more of them: computing
     *     without a bias or a layer that is there would be another model
     */
    static TensorSource frozen(LlamaConfig config, TensorSource model) {
        require(config, model);
        Map<String, List<String>> parts = new LinkedHashMap<>();
        shapes(config).keySet().forEach(name -> parts.computeIfAbsent(stackOf(name), stack -> new ArrayList<>())
                .add(name));
        return new StackedTensors(model, parts);
    }

    /**
     * Checks a model's tensors against its config.
     *
     * @throws JobException with status 3 as {@link #frozen}
     */
    public static void require(LlamaConfig config, TensorSource model) {
        Map<String, long[]> shapes = shapes(config);
        shapes.forEach(model::require);
        for (String name : model.only(PREFIX).names()) {
            if (!shapes.containsKey(name) && !needless(config, name)) {
                throw JobException.badInput("Tensor " + name + " in " + model.origin(name)
                        + " has no place in the decoder of "
                        + config.layers() + " layers that config.json describes: expected only its " + shapes.size()
                        + " tensors, found this one too. The weights do not belong to the model's config.json.");
            }
        }
        if (config.tied() && model.names().contains(OUTPUT)) {
            requireCopy(model);
        }
    }

    /** Tensors that files may hold though nothing reads them: tables of old checkpoints, the copy of a tied table. */
    private static boolean needless(LlamaConfig config, String name) {
        return name.endsWith(".rotary_emb.inv_freq") || config.tied() && name.equals(OUTPUT);
    }

    /** Of an output layer beside a tied table releases of transformers read the one or the other. */
    private static void requireCopy(TensorSource model) {
        model.require(OUTPUT, model.shape(EMBEDDINGS));
        FloatBuffer table = FloatBuffer.allocate(1 << 16);
        FloatBuffer output = FloatBuffer.allocate(1 << 16);
        long size = model.size(EMBEDDINGS);
        for (long at = 0; at < size; at += table.capacity()) {
            int count = (int) Math.min(table.capacity(), size - at);
            model.read(EMBEDDINGS, at, table.clear().limit(count));
            model.read(OUTPUT, at, output.clear().limit(count));
            if (!table.flip().equals(output.flip())) {
                throw JobException.badInput(
                        "Tensor " + OUTPUT + " in " + model.origin(OUTPUT)
                                + " must be a copy of the embedding table, because config.json says tie_word_embeddings: found"
                                + " other values. Set tie_word_embeddings to false in config.json if the output layer is its own.");
            }
        }
    }

    private static String stackOf(String name) {
        return name.replaceFirst("\\.[qkv]_proj\\.", "." + QKV + ".")
                .replaceFirst("\\.(gate|up)_proj\\.", "." + GATE_UP + ".");
    }

    /** Names and shapes of a decoder's tensors; those of a stack in its order. */
    public static Map<String, long[]> shapes(LlamaConfig c) {
        long h = c.hidden();
        long wide = (long) c.heads() * c.headWidth();
        long narrow = (long) c.keyValueHeads() * c.headWidth();
        long inner = c.intermediate();
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(EMBEDDINGS, new long[] {c.vocabulary(), h});
        for (int layer = 0; layer < c.layers(); layer++) {
            String name = PREFIX + "model.layers." + layer + ".";
            shapes.put(name + "input_layernorm.weight", new long[] {h});
            linear(shapes, name + "self_attn.q_proj", wide, h, c.biases().input());
            linear(shapes, name + "self_attn.k_proj", narrow, h, c.biases().input());
            linear(shapes, name + "self_attn.v_proj", narrow, h, c.biases().input());
            linear(shapes, name + "self_attn.o_proj", h, wide, c.biases().output());
            shapes.put(name + "post_attention_layernorm.weight", new long[] {h});
            linear(shapes, name + "mlp.gate_proj", inner, h, c.biases().mlp());
            linear(shapes, name + "mlp.up_proj", inner, h, c.biases().mlp());
            linear(shapes, name + "mlp.down_proj", h, inner, c.biases().mlp());
        }
        shapes.put(PREFIX + "model.norm.weight", new long[] {h});
        if (!c.tied()) {
            shapes.put(OUTPUT, new long[] {c.vocabulary(), h});
        }
        return shapes;
    }

    private static void linear(Map<String, long[]> shapes, String name, long out, long in, boolean bias) {
        shapes.put(name + ".weight", new long[] {out, in});
        if (bias) {
            shapes.put(name + ".bias", new long[] {out});
        }
    }
}
