package org.fednano.llm.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.fednano.llm.model.LlamaDecoder.Tokens;

/**
 * What the tokens of a pass see, and the angles by which their positions turn heads.
 *
 * @param cos (1 or B, S, E)
 * @param sin the same, its first half negative
 * @param mask (S, keys) or (B, S, keys)
 */
record View(NDArray cos, NDArray sin, NDArray mask) {

    /**
     * @param frequencies (E/2): angle per position
     */
    static View of(float[] frequencies, NDManager manager, Tokens tokens) {
        int half = frequencies.length;
        int[][] positions = tokens.positions();
        int length = positions[0].length;
        float[] cos = new float[positions.length * length * 2 * half];
        float[] sin = new float[cos.length];
        int at = 0;
        for (int[] row : positions) {
            for (int position : row) {
                for (int i = 0; i < half; i++) {
                    float angle = position * frequencies[i];
                    cos[at + i] = cos[at + half + i] = (float) Math.cos(angle);
                    sin[at + half + i] = (float) Math.sin(angle);
                    sin[at + i] = -sin[at + half + i];
                }
                at += 2 * half;
            }
        }
        Shape shape = new Shape(positions.length, length, 2L * half);
        return new View(manager.create(cos, shape), manager.create(sin, shape), tokens.mask());
    }

    /**
     * Turns heads: (x1, x2) cos + (−x2, x1) sin on the halves of the last axis.
     *
     * @param x (n, B, S, E)
     */
    NDArray turned(NDArray x) {
        // In place where the engine's own differentiation keeps no earlier value.
        return x.mul(cos).addi(swapped(x).muli(sin));
    }

    /** Gradient with respect to {@link #turned}, which becomes that with respect to its input, in place. */
    void turnBack(NDArray gradient) {
        NDArray swapped = swapped(gradient.mul(sin));
        gradient.muli(cos).addi(swapped);
    }

    private static NDArray swapped(NDArray x) {
        Shape s = x.getShape();
        return x.reshape(s.get(0), s.get(1), s.get(2), 2, s.get(3) / 2).flip(3).reshape(s);
    }
}
