package org.fednano.llm.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.fednano.llm.model.LlamaDecoder.Tokens;
import org.fednano.tensor.ArrayOps;

/**
 * One run of a frozen decoder: hidden states at the places that predict something, and the gradient back to the embeddings.
 *
 * <p>The last layer's queries and all behind them are computed at these places alone, which saves most of that layer. The
 * backward pass is written out, because it knows what the engine's own differentiation can't: no weight needs a gradient, so
 * fewer values are kept and most operations work in place. Tests hold it to that differentiation and to finite differences.
 */
final class FrozenPass implements AutoCloseable {

    /**
     * P tokens of each sample.
     *
     * @param rows of (B·S, H), sample by sample: (B·P)
     * @param own how many of a sample's P places count; those behind repeat others, and nothing flows back from them
     * @param tokens where they stand and what they see
     */
    record Places(long[] rows, int[] own, Tokens tokens) {}

    /** What a layer's backward pass needs, in memory of its own. */
    private record Kept(NDManager memory, Normed input, Attention attention, Normed inner, GatedMlp mlp) {}

    private final LlamaDecoder decoder;
    private final LlamaConfig config;
    private final Places places;
    private final View all;
    private final View asking;
    private final NDManager manager;
    private final boolean gradient;
    private final Deque<Kept> kept = new ArrayDeque<>();
    private Shape inputs;
    private Normed last;

    /**
     * @param manager owns results
     * @param tokens where all tokens stand and what they see
     * @param gradient whether {@link #backward} will be called
     */
    FrozenPass(LlamaDecoder decoder, NDManager manager, Tokens tokens, Places places, boolean gradient) {
        this.decoder = decoder;
        this.config = decoder.config();
        this.places = places;
        this.manager = manager;
        this.gradient = gradient;
        all = decoder.view(manager, tokens);
        asking = decoder.view(manager, places.tokens());
    }

    /**
     * Hidden states.
     *
     * @param x (B, S, H) embeddings; let go
     * @return (B, P, H), final norm applied
     */
    NDArray forward(NDArray x) {
        inputs = x.getShape();
        NDArray h = x;
        for (int i = 0; i < config.layers(); i++) {
            h = layer(h, decoder.layers().get(i), i + 1 == config.layers());
        }
        last = Normed.of(h, decoder.epsilon());
        return last.by(decoder.norm());
    }

    private NDArray layer(NDArray x, Layer layer, boolean narrow) {
        NDManager memory = manager.newSubManager();
        x.attach(memory);
        Normed input = Normed.of(x, decoder.epsilon());
        NDArray normed = input.by(layer.inputNorm());
        NDArray h = narrow ? at(x) : x;
        Attention attention = narrow
                ? Attention.of(
                        config,
                        Heads.of(
                                config,
                                layer.queryScale(),
                                layer.query().on(at(normed)),
                                asking,
                                layer.keyValue().on(normed),
                                all),
                        asking)
                : Attention.of(
                        config,
                        Heads.of(
                                config,
                                layer.queryScale(),
                                layer.queryKeyValue().on(normed),
                                all),
                        all);
        h = layer.output().on(attention.joined()).addi(h);
        Normed inner = Normed.of(h, decoder.epsilon());
        GatedMlp mlp = GatedMlp.of(layer.gateUp().on(inner.by(layer.mlpNorm())));
        h = layer.down().on(mlp.output()).addi(h);
        h.attach(manager);
        if (gradient) {
            kept.push(new Kept(memory, input, attention, inner, mlp));
        } else {
            memory.close();
        }
        return h;
    }

    /**
     * Gradient with respect to the embeddings; once.
     *
     * @param d (B, P, H) with respect to {@link #forward}'s result; overwritten
     * @return (B, S, H)
     */
    NDArray backward(NDArray d) {
        NDArray h = last.backward(d, decoder.norm());
        for (int i = config.layers() - 1; i >= 0; i--) {
            h = layerBackward(h, decoder.layers().get(i), i + 1 == config.layers());
        }
        return h;
    }

    private NDArray layerBackward(NDArray d, Layer layer, boolean narrow) {
        Kept saved = kept.pop();
        try (NDManager memory = saved.memory) {
            d.attach(memory);
            NDArray inner =
                    layer.gateUp().backward(saved.mlp.backward(layer.down().backward(d)));
            NDArray h = saved.inner.backward(inner, layer.mlpNorm()).addi(d);
            Heads heads = saved.attention.backward(config, layer.output().backward(h));
            NDArray normed;
            if (narrow) {
                NDList parts = heads.backward(layer.queryScale(), asking, all);
                normed = layer.keyValue()
                        .backward(parts.get(1))
                        .addi(spread(layer.query().backward(parts.get(0))));
                h = spread(h);
            } else {
                normed = layer.queryKeyValue().backward(heads.backward(config, layer.queryScale(), all));
            }
            NDArray result = saved.input.backward(normed, layer.inputNorm()).addi(h);
            result.attach(manager);
            return result;
        }
    }

    /** Rows of (B, S, H) as (B, P, H). */
    private NDArray at(NDArray states) {
        NDArray rows = states.getManager().create(places.rows());
        return ArrayOps.rows(states.reshape(-1, config.hidden()), rows).reshape(inputs.get(0), -1, config.hidden());
    }

    /** (B, P, H) to (B, S, H): each row at its place, zeros elsewhere. A look-up, so that nothing depends on an order of sums. */
    private NDArray spread(NDArray d) {
        NDManager memory = d.getManager();
        int perSample = places.rows().length / places.own().length;
        long[] from = new long[Math.toIntExact(inputs.get(0) * inputs.get(1))];
        Arrays.fill(from, places.rows().length); // the row of zeros
        for (int b = 0; b < places.own().length; b++) {
            for (int p = 0; p < places.own()[b]; p++) {
                int place = b * perSample + p;
                from[Math.toIntExact(places.rows()[place])] = place;
            }
        }
        NDArray rows = ArrayOps.concat(0, d.reshape(-1, config.hidden()), memory.zeros(new Shape(1, config.hidden())));
        return ArrayOps.rows(rows, memory.create(from)).reshape(inputs);
    }

    @Override
    public void close() {
        kept.forEach(layer -> layer.memory.close());
    }
}
