package org.fednano.llm.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.fednano.tensor.ArrayOps;
import org.fednano.tensor.NamedTensors;

/**
 * The decoder of LLaMA and its relatives as functions over named weights: RMS norm, rotary embedding, gated MLP, with the tensor names that
 * transformers gives them inside LLaVA. Frozen weights make it the LLM that is served, weights with gradients make it
 * trainable: the same code. Results belong to the manager of the input.
 */
public final class LlamaDecoder {

    /** Prefix of the decoder's tensors. */
    public static final String PREFIX = "language_model.";

    static final String EMBEDDINGS = PREFIX + "model.embed_tokens.weight";
    static final String OUTPUT = PREFIX + "lm_head.weight";
    static final String QKV = "qkv_proj";
    static final String GATE_UP = "gate_up_proj";

    /** Keys and values of all tokens so far, for generation. */
    static final class Cache {
        private final List<NDArray> keys = new ArrayList<>();
        private final List<NDArray> values = new ArrayList<>();
    }

    /** Cosines and signed sines of the rotary embedding, broadcast over (B, T, N, E). */
    private record Rotation(NDArray cos, NDArray sin) {}

    private final LlamaConfig config;
    private final NamedTensors weights;
    private final float[] frequencies; // (E / 2)

    /**
     * @param config shapes
     * @param weights tensors with the prefix {@link #PREFIX}; not closed here
     */
    public LlamaDecoder(LlamaConfig config, NamedTensors weights) {
        this.config = config;
        this.weights = weights;
        frequencies = config.rope().frequencies(config.headWidth());
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
        return forward(x, new int[][] {positions}, causalMask(x.getManager(), (int) length, config.window()), null);
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
        NDArray table = config.tied() ? embeddingTable() : weights.get(OUTPUT, config.vocabulary(), config.hidden());
        return ArrayOps.linear(hidden, table, null);
    }

    /**
     * Mask (S, S) under which a token sees itself and what is before it.
     *
     * @param window how many it sees at most, itself among them; 0: all
     */
    static NDArray causalMask(NDManager manager, int length, int window) {
        float[] mask = new float[length * length];
        for (int t = 0; t < length; t++) {
            for (int s = 0; s < length; s++) {
                if (s > t || beyond(window, t, s)) {
                    mask[t * length + s] = Float.NEGATIVE_INFINITY;
                }
            }
        }
        return manager.create(mask, new Shape(length, length));
    }

    /** Whether a sliding window hides the key at position {@code key} from the token at {@code position}. */
    static boolean beyond(int window, int position, int key) {
        return window > 0 && position - key >= window;
    }

    private NDArray attention(NDArray x, String name, Rotation rotation, NDArray mask, int layer, Cache cache) {
        long h = config.hidden();
        long wide = (long) config.heads() * config.headWidth();
        long narrow = (long) config.keyValueHeads() * config.headWidth();
        NDArray all = together(
                x,
                name,
                QKV,
                List.of("q_proj", "k_proj", "v_proj"),
                h,
                config.biases().input(),
                wide,
                narrow,
                narrow);
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
        return linear(
                ArrayOps.attention(q, k, v, mask),
                name + "o_proj",
                h,
                wide,
                config.biases().output());
    }

    private NDArray mlp(NDArray x, String name) {
        long h = config.hidden();
        long inner = config.intermediate();
        boolean bias = config.biases().mlp();
        NDList both = together(x, name, GATE_UP, List.of("gate_proj", "up_proj"), h, bias, inner, inner)
                .split(2, 2);
        return linear(ArrayOps.activation("silu", both.get(0)).mul(both.get(1)), name + "down_proj", h, inner, bias);
    }

    /** Linear layers of the same input side by side: out of one stack if the weights are stacked. */
    private NDArray together(
            NDArray x, String name, String stack, List<String> parts, long in, boolean bias, long... out) {
        if (weights.has(name + stack + ".weight")) {
            return linear(x, name + stack, LongStream.of(out).sum(), in, bias);
        }
        List<NDArray> matrices = new ArrayList<>();
        List<NDArray> biases = new ArrayList<>();
        for (int i = 0; i < out.length; i++) {
            matrices.add(weights.get(name + parts.get(i) + ".weight", out[i], in));
            if (bias) {
                biases.add(weights.get(name + parts.get(i) + ".bias", out[i]));
            }
        }
        return ArrayOps.linear(x, matrices, biases);
    }

    private NDArray linear(NDArray x, String name, long out, long in, boolean bias) {
        return ArrayOps.linear(
                x, weights.get(name + ".weight", out, in), bias ? weights.get(name + ".bias", out) : null);
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
                    float angle = position * frequencies[i % (e / 2)];
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
