package org.fednano.llm.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.fednano.settings.JobException;
import org.fednano.tensor.ArrayOps;
import org.fednano.tensor.NamedTensors;

/**
 * The decoder of LLaMA and its relatives as functions over named weights: RMS norm, rotary embedding, gated MLP, with the tensor names that
 * transformers gives them inside LLaVA. Weights with gradients make it trainable by the engine's own differentiation; {@link
 * FrozenPass} is the same with frozen weights and a backward pass of its own. Results belong to the manager of the input.
 */
public final class LlamaDecoder {

    /** Prefix of the decoder's tensors. */
    public static final String PREFIX = "language_model.";

    static final String EMBEDDINGS = PREFIX + "model.embed_tokens.weight";
    static final String OUTPUT = PREFIX + "lm_head.weight";
    static final String QKV = "qkv_proj";
    static final String GATE_UP = "gate_up_proj";

    /**
     * Tokens of a pass.
     *
     * @param positions (B, S), or (1, S) for all samples alike
     * @param mask 0 where a key is seen, very negative where not: (S, keys), or (B, S, keys)
     */
    record Tokens(int[][] positions, NDArray mask) {}

    /** Keys and values of all tokens so far, for generation. */
    static final class Cache {
        private final List<NDArray> keys = new ArrayList<>();
        private final List<NDArray> values = new ArrayList<>();

        private Heads grown(int layer, Heads next) {
            if (keys.size() == layer) {
                keys.add(next.k());
                values.add(next.v());
                return next;
            }
            NDArray k = ArrayOps.concat(1, keys.get(layer), next.k());
            NDArray v = ArrayOps.concat(1, values.get(layer), next.v());
            keys.set(layer, k);
            values.set(layer, v);
            return new Heads(next.batch(), next.q(), k, v);
        }
    }

    private final LlamaConfig config;
    private final NDArray embeddings; // (V, H)
    private final NDArray output; // (V, H)
    private final NDArray outputTransposed; // (H, V), a view
    private final NDArray norm; // (H)
    private final List<Layer> layers;
    private final NDArray epsilon; // (1)
    private final float[] frequencies; // (E / 2)

    /**
     * @param config shapes
     * @param weights tensors with the prefix {@link #PREFIX}; not closed here
     * @throws JobException with status 3 if one is missing or of another shape
     */
    public LlamaDecoder(LlamaConfig config, NamedTensors weights) {
        this(config, weights, UnaryOperator.identity());
    }

    /** One whose weights never change: its layers are folded, so {@code weights} are of no use to another decoder. */
    static LlamaDecoder frozen(LlamaConfig config, NamedTensors weights) {
        return new LlamaDecoder(config, weights, Layer::folded);
    }

    private LlamaDecoder(LlamaConfig config, NamedTensors weights, UnaryOperator<Layer> change) {
        this.config = config;
        embeddings = weights.get(EMBEDDINGS, config.vocabulary(), config.hidden());
        output = config.tied() ? embeddings : weights.get(OUTPUT, config.vocabulary(), config.hidden());
        outputTransposed = output.transpose();
        norm = weights.get(PREFIX + "model.norm.weight", config.hidden());
        layers = IntStream.range(0, config.layers())
                .mapToObj(layer -> change.apply(Layer.of(config, weights, PREFIX + "model.layers." + layer + ".")))
                .toList();
        epsilon = weights.manager().full(new Shape(1), (float) config.epsilon());
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

    /** The final norm's weight (H). */
    NDArray norm() {
        return norm;
    }

    /** What norms add to the mean square, (1). */
    NDArray epsilon() {
        return epsilon;
    }

    List<Layer> layers() {
        return layers;
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
        NDArray mask = causalMask(x.getManager(), length, config.window());
        return forward(x, new Tokens(new int[][] {Sequences.range(length)}, mask), null);
    }

    /**
     * Hidden states in general.
     *
     * @param x (B, S, H) embeddings of new tokens
     * @param tokens where they stand and what they see
     * @param cache tokens before; grows by S. Null: none
     * @return (B, S, H), final norm applied
     */
    NDArray forward(NDArray x, Tokens tokens, Cache cache) {
        View view = view(x.getManager(), tokens);
        NDArray h = x;
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i);
            NDArray asked = Normed.of(h, epsilon).by(layer.inputNorm());
            Heads heads =
                    Heads.of(config, layer.queryScale(), layer.queryKeyValue().on(asked), view);
            Attention attention = Attention.of(config, cache == null ? heads : cache.grown(i, heads), view);
            h = layer.output().on(attention.joined()).addi(h);
            NDArray inner = Normed.of(h, epsilon).by(layer.mlpNorm());
            h = layer.down().on(GatedMlp.of(layer.gateUp().on(inner)).output()).addi(h);
        }
        return Normed.of(h, epsilon).by(norm);
    }

    /** What tokens see, with the angles of their positions. */
    View view(NDManager manager, Tokens tokens) {
        return View.of(frequencies, manager, tokens);
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

    /** Gradient (…, V) with respect to {@link #logits} to that (…, H) with respect to its input. */
    NDArray logitsBackward(NDArray gradient) {
        return ArrayOps.linear(gradient, outputTransposed, null);
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
}
