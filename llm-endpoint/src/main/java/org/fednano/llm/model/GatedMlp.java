package org.fednano.llm.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.nn.Activation;
import org.fednano.tensor.ArrayOps;

/**
 * silu(gate) · up.
 *
 * @param up (…, I)
 * @param sigmoid of the gate, (…, I)
 * @param active gate · sigmoid, (…, I)
 */
record GatedMlp(NDArray up, NDArray sigmoid, NDArray active) {

    /**
     * @param gateUp (B, S, 2·I): gate and up side by side
     */
    static GatedMlp of(NDArray gateUp) {
        NDList both = gateUp.split(2, 2);
        NDArray sigmoid = Activation.sigmoid(both.get(0));
        return new GatedMlp(both.get(1), sigmoid, sigmoid.mul(both.get(0)));
    }

    /** (B, S, I). */
    NDArray output() {
        return active.mul(up);
    }

    /**
     * Gradient (B, S, 2·I) with respect to gate and up; silu'(x) = σ + xσ − xσ · σ.
     *
     * @param gradient (B, S, I) with respect to {@link #output}; overwritten
     */
    NDArray backward(NDArray gradient) {
        NDArray dUp = gradient.mul(active);
        NDArray slope = sigmoid.add(active).subi(active.mul(sigmoid));
        return ArrayOps.concat(2, gradient.muli(up).muli(slope), dUp);
    }
}
