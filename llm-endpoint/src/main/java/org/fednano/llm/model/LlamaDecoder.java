package org.fednano.llm.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fednano.encoder.ArrayOps;
import org.fednano.encoder.NamedArrays;
import org.fednano.settings.JobException;
import org.fednano.weights.StackedTensors;
import org.fednano.weights.TensorSource;

/**
 * LLaMA's decoder as functions over named weights: RMS norm, rotary embedding, gated MLP, with the tensor names that
 * transformers gives them inside LLaVA. Frozen weights make it the LLM that is served, weights with gradients make it
 * trainable: the same code. Results belong to the manager of the input.
 */
public final class LlamaDecoder {

    /** Prefix of the decoder's tensors. */
    public static final String PREFIX = "language_model.";

    private static final String EMBEDDINGS = PREFIX + "model.embed_tokens.weight";
    private static final String QKV = "qkv_proj.weight";
    private static final String GATE_UP = "gate_up_proj.weight";

    /** Keys and values of all tokens so far, for generation. */
    static final class Cache {
        private final List<NDArray> keys = new ArrayList<>();
        private final List<NDArray> values = new ArrayList<>();
    }

    /** Cosines and signed sines of the rotary embedding, broadcast over (B, T, N, E). */
    private record Rotation(NDArray cos, NDArray sin) {}

    private final LlamaConfig config;
    private final NamedArrays weights;

    /**
     * @param config shapes
     * @param weights tensors with the prefix {@link #PREFIX}; not closed here
     */
    public LlamaDecoder(LlamaConfig config, NamedArrays weights) {
        this.config = config;
        this.weights = weights;
    }

    /**
     * A decoder's tensors out of a model's, checked, with those stacked that are multiplied with the same input; only for
     * weights that never change.
     *
     * @throws JobException with status 3 if one is missing or of another shape
     */
    static TensorSource frozen(LlamaConfig config, TensorSource model) {
        Map<String, long[]> shapes = shapes(config);
        shapes.forEach(model::require);
        Map<String, List<String>> parts = new LinkedHashMap<>();
        shapes.keySet().forEach(name -> parts.computeIfAbsent(stackOf(name), stack -> new ArrayList<>())
                .add(name));
        return new StackedTensors(model, parts);
    }

    private static String stackOf(String name) {
        return name.replaceFirst("\\.[qkv]_proj\\.", ".qkv_proj.")
                .replaceFirst("\\.(gate|up)_proj\\.", ".gate_up_proj.");
    }

    /** Names and shapes of a decoder's tensors; those of a stack in its order. */
    static Map<String, long[]> shapes(LlamaConfig c) {
        long h = c.hidden();
        long wide = (long) c.heads() * c.headWidth();
        long narrow = (long) c.keyValueHeads() * c.headWidth();
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(EMBEDDINGS, new long[] {c.vocabulary(), h});
        for (int layer = 0; layer < c.layers(); layer++) {
            String name = PREFIX + "model.layers." + layer + ".";
            shapes.put(name + "input_layernorm.weight", new long[] {h});
            shapes.put(name + "self_attn.q_proj.weight", new long[] {wide, h});
            shapes.put(name + "self_attn.k_proj.weight", new long[] {narrow, h});
            shapes.put(name + "self_attn.v_proj.weight", new long[] {narrow, h});
            shapes.put(name + "self_attn.o_proj.weight", new long[] {h, wide});
            shapes.put(name + "post_attention_layernorm.weight", new long[] {h});
            shapes.put(name + "mlp.gate_proj.weight", new long[] {c.intermediate(), h});
            shapes.put(name + "mlp.up_proj.weight", new long[] {c.intermediate(), h});
            shapes.put(name + "mlp.down_proj.weight", new long[] {h, c.intermediate()});
        }
        shapes.put(PREFIX + "model.norm.weight", new long[] {h});
        if (!c.tied()) {
            shapes.put(PREFIX + "lm_head.weight", new long[] {c.vocabulary(), h});
        }
        return shapes;
    }

    /** Its shapes. */
    public LlamaConfig config() {
        return config;
    }

    /** The embedding table (V, H). */
    public NDArray embeddingTable() {
        return weights.get(EMBEDDINGS, config.vocabulary(), config.hidden());
    }

    /**
     * Hidden states of sequences that start at position 0 and see themselves only backwards. Padding on the right changes
     * nothing to its left.
     *
     * @param x (B, S, H) embeddings
     * @return (B, S, H), final norm applied
     */
    public NDArray forward(NDArray x) {
        long length = x.getShape().get(1);
        int[] positions = new int[(int) length];
        for (int t = 0; t < length; t++) {
            positions[t] = t;
        }
        return forward(x, new int[][] {positions}, causalMask(x.getManager(), (int) length), null);
    }

    /**
     * Hidden states in general.
     *
     * @param x (B, S, H) embeddings of new tokens
     * @param positions (B, S), or (1, S) for all samples alike
     * @param mask 0 where a key is seen, very negative where not, broadcast over (B, N, S, keys)
     * @param cache tokens before; grows by S. Null: none
     * @return (B, S, H), final norm applied
     */
    NDArray forward(NDArray x, int[][] positions, NDArray mask, Cache cache) {
        Rotation rotation = rotation(x.getManager(), positions);
        NDArray h = x;
        for (int layer = 0; layer < config.layers(); layer++) {
            String name = PREFIX + "model.layers." + layer + ".";
            h = attention(norm(h, name + "input_layernorm"), name + "self_attn.", rotation, mask, layer, cache)
                    .addi(h);
            h = mlp(norm(h, name + "post_attention_layernorm"), name + "mlp.").addi(h);
        }
        return norm(h, PREFIX + "model.norm");
    }

    /**
     * Scores of the next token.
     *
     * @param hidden (…, H)
     * @return (…, V)
     */
    public NDArray logits(NDArray hidden) {
        NDArray table = config.tied()
                ? embeddingTable()
                : weights.get(PREFIX + "lm_head.weight", config.vocabulary(), config.hidden());
        return ArrayOps.linear(hidden, table, null);
    }

    /** Mask (S, S) under which a token sees itself and what is before it. */
    static NDArray causalMask(NDManager manager, int length) {
        float[] mask = new float[length * length];
        for (int t = 0; t < length; t++) {
            for (int s = t + 1; s < length; s++) {
                mask[t * length + s] = Float.NEGATIVE_INFINITY;
            }
        }
        return manager.create(mask, new Shape(length, length));
    }

    private NDArray attention(NDArray x, String name, Rotation rotation, NDArray mask, int layer, Cache cache) {
        long h = config.hidden();
        long wide = (long) config.heads() * config.headWidth();
        long narrow = (long) config.keyValueHeads() * config.headWidth();
        NDArray all = weights.has(name + QKV)
                ? ArrayOps.linear(x, weights.get(name + QKV, wide + 2 * narrow, h), null)
                : ArrayOps.linear(
                        x,
                        List.of(
                                weights.get(name + "q_proj.weight", wide, h),
                                weights.get(name + "k_proj.weight", narrow, h),
                                weights.get(name + "v_proj.weight", narrow, h)),
                        List.of());
        NDList parts = all.split(new long[] {wide + narrow}, 2);
        NDList turned = rotate(parts.get(0), rotation).split(new long[] {config.heads()}, 2); // (B, S, N, E) each
        NDArray q = turned.get(0).transpose(0, 2, 1, 3);
        NDArray k = turned.get(1).transpose(0, 2, 1, 3);
        NDArray v = ArrayOps.heads(parts.get(1), config.keyValueHeads());
        if (cache != null) {
            if (cache.keys.size() > layer) {
                k = ArrayOps.concat(2, cache.keys.get(layer), k);
                v = ArrayOps.concat(2, cache.values.get(layer), v);
                cache.keys.set(layer, k);
                cache.values.set(layer, v);
            } else {
                cache.keys.add(k);
                cache.values.add(v);
            }
        }
        int group = config.heads() / config.keyValueHeads();
        if (group > 1) {
            k = k.repeat(1, group);
            v = v.repeat(1, group);
        }
        return ArrayOps.linear(ArrayOps.attention(q, k, v, mask), weights.get(name + "o_proj.weight", h, wide), null);
    }

    private NDArray mlp(NDArray x, String name) {
        long h = config.hidden();
        long inner = config.intermediate();
        NDArray all = weights.has(name + GATE_UP)
                ? ArrayOps.linear(x, weights.get(name + GATE_UP, 2 * inner, h), null)
                : ArrayOps.linear(
                        x,
                        List.of(
                                weights.get(name + "gate_proj.weight", inner, h),
                                weights.get(name + "up_proj.weight", inner, h)),
                        List.of());
        NDList both = all.split(2, 2);
        return ArrayOps.linear(
                ArrayOps.activation("silu", both.get(0)).mul(both.get(1)),
                weights.get(name + "down_proj.weight", h, inner),
                null);
    }

    private NDArray norm(NDArray x, String name) {
        return ArrayOps.rmsNorm(x, weights.get(name + ".weight", config.hidden()), config.epsilon());
    }

    /** (B, S, N·E) to (B, S, N, E), each head turned by its position: (x1, x2) cos + (−x2, x1) sin on its halves. */
    private NDArray rotate(NDArray x, Rotation rotation) {
        Shape s = x.getShape();
        long e = config.headWidth();
        long heads = s.get(2) / e;
        NDArray straight = x.reshape(s.get(0), s.get(1), heads, e);
        NDArray swapped = x.reshape(s.get(0), s.get(1), heads, 2, e / 2).flip(3).reshape(s.get(0), s.get(1), heads, e);
        // In place where autograd keeps no earlier value: half of the memory traffic.
        return straight.mul(rotation.cos).addi(swapped.muli(rotation.sin));
    }

    private Rotation rotation(NDManager manager, int[][] positions) {
        int e = config.headWidth();
        int length = positions[0].length;
        float[] cos = new float[positions.length * length * e];
        float[] sin = new float[cos.length];
        int at = 0;
        for (int[] row : positions) {
            for (int position : row) {
                for (int i = 0; i < e; i++, at++) {
                    // Frequencies in float32, as transformers computes them.
                    float frequency = (float) (1 / Math.pow(config.ropeTheta(), (double) (2 * (i % (e / 2))) / e));
                    float angle = position * frequency;
                    cos[at] = (float) Math.cos(angle);
                    sin[at] = (float) (i < e / 2 ? -Math.sin(angle) : Math.sin(angle));
                }
            }
        }
        Shape shape = new Shape(positions.length, length, 1, e);
        return new Rotation(manager.create(cos, shape), manager.create(sin, shape));
    }

    /** Token ids as an index array. */
    static NDArray ids(NDManager manager, long[] ids, Shape shape) {
        return manager.create(ids, shape).toType(DataType.INT64, false);
    }
}
