package org.fednano.llm.model;

import static org.fednano.llm.model.LlamaDecoder.GATE_UP;
import static org.fednano.llm.model.LlamaDecoder.QKV;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.fednano.tensor.ArrayOps;
import org.fednano.tensor.NamedTensors;

/**
 * The weights of one layer, looked up and checked once.
 *
 * @param inputNorm (H), or null: a part of the weights behind it
 * @param queryKeyValue of all tokens, side by side
 * @param query the first part of it, for few tokens
 * @param keyValue the rest of it, for all tokens
 * @param queryScale by which queries are multiplied: 1/√E, or 1 if that is a part of the weights
 * @param output of the attention
 * @param mlpNorm (H), or null likewise
 * @param gateUp both inputs of the gated MLP, side by side
 * @param down its output
 */
record Layer(
        NDArray inputNorm,
        Linear queryKeyValue,
        Linear query,
        Linear keyValue,
        double queryScale,
        Linear output,
        NDArray mlpNorm,
        Linear gateUp,
        Linear down) {

    /**
     * x Wᵀ + b.
     *
     * @param weights (O_i, I) each, one below the other
     * @param biases (O_i) each, or none
     * @param transposed a view (I, O) of a single weight; null if there are several
     */
    record Linear(List<NDArray> weights, List<NDArray> biases, NDArray transposed) {

        Linear(List<NDArray> weights, List<NDArray> biases) {
            this(weights, biases, weights.size() == 1 ? weights.get(0).transpose() : null);
        }

        NDArray on(NDArray x) {
            return weights.size() == 1
                    ? ArrayOps.linear(x, weights.get(0), biases.isEmpty() ? null : biases.get(0))
                    : ArrayOps.linear(x, weights, biases);
        }

        /** Gradient (…, O) with respect to the output to that (…, I) with respect to x; of stacked weights. */
        NDArray backward(NDArray gradient) {
            return ArrayOps.linear(gradient, transposed, null);
        }

        /** Outputs from one place to another: views, of the same memory. */
        Linear slice(long from, long to) {
            NDIndex rows = new NDIndex("{}:{}", from, to);
            return new Linear(
                    List.of(weights.get(0).get(rows)),
                    biases.isEmpty() ? List.of() : List.of(biases.get(0).get(rows)));
        }

        Linear part(int from, int to) {
            return new Linear(weights.subList(from, to), biases.isEmpty() ? biases : biases.subList(from, to));
        }
    }

    /** A layer by the prefix of its tensors' names, whose matrices are stacked or not. */
    static Layer of(LlamaConfig config, NamedTensors weights, String name) {
        long h = config.hidden();
        long wide = (long) config.heads() * config.headWidth();
        long narrow = (long) config.keyValueHeads() * config.headWidth();
        long inner = config.intermediate();
        boolean bias = config.biases().input();
        String attention = name + "self_attn.";
        String mlp = name + "mlp.";
        Linear all =
                together(weights, attention, QKV, List.of("q_proj", "k_proj", "v_proj"), h, bias, wide, narrow, narrow);
        boolean stacked = all.weights.size() == 1;
        return new Layer(
                weights.get(name + "input_layernorm.weight", h),
                all,
                stacked ? all.slice(0, wide) : all.part(0, 1),
                stacked ? all.slice(wide, wide + 2 * narrow) : all.part(1, 3),
                1 / Math.sqrt(config.headWidth()),
                linear(weights, attention + "o_proj", h, wide, config.biases().output()),
                weights.get(name + "post_attention_layernorm.weight", h),
                together(
                        weights,
                        mlp,
                        GATE_UP,
                        List.of("gate_proj", "up_proj"),
                        h,
                        config.biases().mlp(),
                        inner,
                        inner),
                linear(weights, mlp + "down_proj", h, inner, config.biases().mlp()));
    }

    /**
     * This layer with what activations are multiplied by taken into the weights, which saves a frozen layer these passes over
     * memory. Changes the weights in place: of a stacked layer, once.
     */
    Layer folded() {
        queryKeyValue.weights.get(0).muli(inputNorm);
        query.weights.get(0).muli(queryScale);
        query.biases.forEach(bias -> bias.muli(queryScale));
        gateUp.weights.get(0).muli(mlpNorm);
        return new Layer(null, queryKeyValue, query, keyValue, 1, output, null, gateUp, down);
    }

    /** Linear layers of the same input: out of one stack if the weights are stacked. */
    private static Linear together(
            NamedTensors weights, String name, String stack, List<String> parts, long in, boolean bias, long... out) {
        if (weights.has(name + stack + ".weight")) {
            return linear(weights, name + stack, LongStream.of(out).sum(), in, bias);
        }
        List<NDArray> matrices = new ArrayList<>();
        List<NDArray> biases = new ArrayList<>();
        for (int i = 0; i < out.length; i++) {
            Linear part = linear(weights, name + parts.get(i), out[i], in, bias);
            matrices.addAll(part.weights);
            biases.addAll(part.biases);
        }
        return new Linear(matrices, biases);
    }

    private static Linear linear(NamedTensors weights, String name, long out, long in, boolean bias) {
        return new Linear(
                List.of(weights.get(name + ".weight", out, in)),
                bias ? List.of(weights.get(name + ".bias", out)) : List.of());
    }
}
