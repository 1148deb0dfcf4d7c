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

    static Normed of(NDArray x, double epsilon) {
        NDArray rms = x.square().mean(LAST, true).add((float) epsilon).sqrt();
        return new Normed(x.div(rms), rms);
    }

    /** Times the norm's weight (H). */
    NDArray by(NDArray weight) {
        return value.mul(weight);
    }

    /**
     * Gradient with respect to x, from that with respect to {@link #by}: with g = gradient · weight, (g − value ·
     * mean(g · value)) / rms.
     */
    NDArray backward(NDArray gradient, NDArray weight) {
        NDArray g = gradient.mul(weight);
        NDArray along = g.mul(value).mean(LAST, true);
        return g.subi(value.mul(along)).divi(rms);
    }
}
