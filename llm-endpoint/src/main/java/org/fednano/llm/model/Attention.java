package org.fednano.llm.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;

/**
 * Softmax(q kᵀ + mask) v.
 *
 * @param group query heads that share a key-value head
 * @param heads what it is made of
 * @param k keys, one per query head: (N·B, S, E)
 * @param v values likewise
 * @param weights the softmax, (N·B, P, S)
 */
record Attention(int group, Heads heads, NDArray k, NDArray v, NDArray weights) {

    private static final int[] LAST = {-1};

    static Attention of(LlamaConfig config, Heads heads, View view) {
        int group = config.heads() / config.keyValueHeads();
        long batch = heads.batch();
        NDArray k = repeated(heads.k(), batch, group);
        NDArray v = repeated(heads.v(), batch, group);
        NDArray scores = heads.q().matMul(k.transpose(0, 2, 1));
        Shape s = scores.getShape();
        // In place: the product's backward pass does not need it.
        NDArray masked =
                scores.reshape(config.heads(), batch, s.get(1), s.get(2)).addi(view.mask());
        return new Attention(group, heads, k, v, masked.softmax(-1).reshape(s));
    }

    /** (B, P, N·E). */
    NDArray joined() {
        return Heads.bySample(weights.matMul(v), heads.batch());
    }

    /**
     * Gradients with respect to the heads, from that with respect to {@link #joined}.
     *
     * @param gradient (B, P, N·E)
     */
    Heads backward(LlamaConfig config, NDArray gradient) {
        NDArray d = Heads.byHead(gradient, config); // (N·B, P, E)
        NDArray dV = weights.transpose(0, 2, 1).matMul(d);
        NDArray dScores = d.matMul(v.transpose(0, 2, 1)); // of the weights first
        NDArray along = dScores.mul(weights).sum(LAST, true);
        dScores = dScores.subi(along).muli(weights);
        NDArray dQ = dScores.matMul(k);
        NDArray dK = dScores.transpose(0, 2, 1).matMul(heads.q());
        return new Heads(heads.batch(), dQ, summed(dK), summed(dV));
    }

    private static NDArray repeated(NDArray x, long batch, int group) {
        if (group == 1) {
            return x;
        }
        Shape s = x.getShape();
        return x.reshape(s.get(0) / batch, batch, s.get(1), s.get(2))
                .repeat(0, group)
                .reshape(s.get(0) * group, s.get(1), s.get(2));
    }

    private NDArray summed(NDArray d) {
        if (group == 1) {
            return d;
        }
        Shape s = d.getShape();
        long batch = heads.batch();
        return d.reshape(s.get(0) / batch / group, group, batch, s.get(1), s.get(2))
                .sum(new int[] {1})
                .reshape(s.get(0) / group, s.get(1), s.get(2));
    }
}
