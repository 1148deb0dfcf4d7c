package org.fednano.llm.model;

import ai.djl.ndarray.NDArray;

/**
 * RMS norm over the last axis.
 *
 * @param value (…, H): x / rms
 * @param rms (…, 1): √(mean(x²) + ε)
 */
record Normed(NDArray value, NDArray rms) {

    private static final int[] LAST = {-1};

    /** @param epsilon (1): a number would be copied into a new array at each call */
    static Normed of(NDArray x, NDArray epsilon) {
        NDArray rms = x.square().mean(LAST, true).addi(epsilon).sqrt();
        return new Normed(x.div(rms), rms);
    }

    /** Times the norm's weight (H); null: a part of what follows. */
    NDArray by(NDArray weight) {
        return weight == null ? value : value.mul(weight);
    }

    /**
     * Gradient with respect to x, from that with respect to {@link #by}: with g = gradient · weight, (g − value ·
     * mean(g · value)) / rms.
     *
     * @param gradient overwritten
     * @param weight as there
     */
    NDArray backward(NDArray gradient, NDArray weight) {
        NDArray g = weight == null ? gradient : gradient.muli(weight);
        NDArray along = g.mul(value).mean(LAST, true);
        return g.subi(value.mul(along)).divi(rms);
    }
}
