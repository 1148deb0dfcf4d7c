package org.fednano.llm.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.fednano.settings.JobException;
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

    /** Tokens of a pass: positions (B, T), or (1, T) for all samples alike; mask as in {@link #attend}. */
    record Tokens(int[][] positions, NDArray mask) {}

    /** P tokens of each sample: their rows in (B·S, H), sample by sample (B·P), and what they see. */
    record Places(long[] rows, Tokens tokens) {}

    /** Keys and values of all tokens so far, for generation. */
    static final class Cache {
        private final List<NDArray> keys = new ArrayList<>();
        private final List<NDArray> values = new ArrayList<>();
    }

    /** Cosines and signed sines of the rotary embedding, broadcast over (B, T, N, E). */
    private record Rotation(NDArray cos, NDArray sin) {}

    /** What the tokens of a pass see, and where they stand. */
    private record View(Rotation rotation, NDArray mask) {}

    private final LlamaConfig config;
    private final NDArray embeddings; // (V, H)
    private final NDArray output; // (V, H)
    private final NDArray norm; // (H)
    private final List<Layer> layers;
    private final float[] frequencies; // (E / 2)

    /**
     * @param config shapes
     * @param weights tensors with the prefix {@link #PREFIX}; not closed here
     * @throws JobException with status 3 if one is missing or of another shape
     */
    public LlamaDecoder(LlamaConfig config, NamedTensors weights) {
        this.config = config;
        embeddings = weights.get(EMBEDDINGS, config.vocabulary(), config.hidden());
        output = config.tied() ? embeddings : weights.get(OUTPUT, config.vocabulary(), config.hidden());
        norm = weights.get(PREFIX + "model.norm.weight", config.hidden());
        layers = IntStream.range(0, config.layers())
                .mapToObj(layer -> Layer.of(config, weights, PREFIX + "model.layers." + layer + "."))
                .toList();
        frequencies = config.rope().frequencies(config.headWidth());
    }

    /** Its shapes. */
    public LlamaConfig config() {
        return config;
    }

    /** The embedding table (V, H). */
    public NDArray embeddingTable() {
        return embeddings;
    }

    /**
     * Hidden states of sequences that start at position 0 and see themselves only backwards. Padding on the right changes
     * nothing to its left.
     *
     * @param x (B, S, H) embeddings
     * @return (B, S, H), final norm applied
     */
    public NDArray forward(NDArray x) {
        int length = (int) x.getShape().get(1);
        int[] positions = IntStream.range(0, length).toArray();
        return forward(x, new int[][] {positions}, causalMask(x.getManager(), length, config.window()), null);
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
        View view = new View(rotation(x.getManager(), positions), mask);
        NDArray h = x;
        for (int layer = 0; layer < layers.size(); layer++) {
            h = layer(h, layer, view, cache);
        }
        return norm(h, norm);
    }

    /**
     * Hidden states at some places only: the last layer's queries and everything behind them are computed for these alone,
     * which saves most of that layer.
     *
     * @param x (B, S, H) embeddings
     * @param all what all tokens see
     * @param places P of each sample's tokens, and what they see
     * @return (B, P, H), final norm applied
     */
    NDArray forward(NDArray x, Tokens all, Places places) {
        NDManager manager = x.getManager();
        View view = new View(rotation(manager, all.positions()), all.mask());
        NDArray h = x;
        for (int layer = 0; layer + 1 < layers.size(); layer++) {
            h = layer(h, layer, view, null);
        }
        Layer last = layers.get(layers.size() - 1);
        NDArray rows = manager.create(places.rows(), new Shape(places.rows().length));
        long size = x.getShape().get(0);
        NDArray normed = norm(h, last.inputNorm());
        NDArray asking = at(normed, rows, size);
        NDArray at = at(h, rows, size);
        View narrow = new View(rotation(manager, places.tokens().positions()), places.tokens().mask());
        NDArray q = turned(last.query().on(asking), config.heads(), narrow.rotation);
        NDList kv = last.keyValue().on(normed).split(2, 2);
        NDArray k = turned(kv.get(0), config.keyValueHeads(), view.rotation);
        NDArray v = ArrayOps.heads(kv.get(1), config.keyValueHeads());
        h = last.output().on(attend(q, k, v, narrow.mask)).addi(at);
        return norm(last.mlp(norm(h, last.mlpNorm())).addi(h), norm);
    }

    /** Rows of (B, S, H) as (B, P, H). */
    private static NDArray at(NDArray states, NDArray rows, long size) {
        long hidden = states.getShape().get(2);
        return ArrayOps.rows(states.reshape(-1, hidden), rows).reshape(size, -1, hidden);
    }

    private NDArray layer(NDArray x, int index, View view, Cache cache) {
        Layer layer = layers.get(index);
        NDArray h = attention(norm(x, layer.inputNorm()), layer, view, index, cache)
                .addi(x);
        return layer.mlp(norm(h, layer.mlpNorm())).addi(h);
    }

    /**
     * Scores of the next token.
     *
     * @param hidden (…, H)
     * @return (…, V)
     */
    public NDArray logits(NDArray hidden) {
        return ArrayOps.linear(hidden, output, null);
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

    private NDArray attention(NDArray x, Layer layer, View view, int index, Cache cache) {
        long wide = (long) config.heads() * config.headWidth();
        long narrow = (long) config.keyValueHeads() * config.headWidth();
        NDList parts = layer.queryKeyValue().on(x).split(new long[] {wide + narrow}, 2);
        NDList turned = rotate(parts.get(0), view.rotation).split(new long[] {config.heads()}, 2); // (B, S, N, E) each
        NDArray q = turned.get(0).transpose(0, 2, 1, 3);
        NDArray k = turned.get(1).transpose(0, 2, 1, 3);
        NDArray v = ArrayOps.heads(parts.get(1), config.keyValueHeads());
        if (cache != null) {
            if (cache.keys.size() > index) {
                k = ArrayOps.concat(2, cache.keys.get(index), k);
                v = ArrayOps.concat(2, cache.values.get(index), v);
                cache.keys.set(index, k);
                cache.values.set(index, v);
            } else {
                cache.keys.add(k);
                cache.values.add(v);
            }
        }
        return layer.output().on(attend(q, k, v, view.mask));
    }

    private NDArray attend(NDArray q, NDArray k, NDArray v, NDArray mask) {
        int group = config.heads() / config.keyValueHeads();
        return group == 1
                ? ArrayOps.attention(q, k, v, mask)
                : ArrayOps.attention(q, k.repeat(1, group), v.repeat(1, group), mask);
    }

    private NDArray norm(NDArray x, NDArray weight) {
        return ArrayOps.rmsNorm(x, weight, config.epsilon());
    }

    /** (B, S, N·E) to (B, N, S, E), each head turned by its position. */
    private NDArray turned(NDArray x, int heads, Rotation rotation) {
        return rotate(x, rotation).transpose(0, 2, 1, 3);
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
