package org.fednano.fisher;

import java.util.function.Consumer;

/**
 * F = 1/n Σ_b g_b², g_b the gradient of sample b's own loss: FedNano's diagonal Fisher, folded sample by sample. The
 * square of a batch's gradient would be something else. Not for concurrent use.
 */
public final class DiagonalFisher implements Consumer<float[]> {

    private final double[] squares;
    private long samples;

    public DiagonalFisher(int size) {
        squares = new double[size];
    }

    /**
     * Folds one sample.
     *
     * @param gradient (d), summed over the sample's tokens, gradient scale removed; not kept
     */
    public void add(float[] gradient) {
        if (gradient.length != squares.length) {
            throw new IllegalArgumentException(
                    "A Fisher of " + squares.length + " values got a gradient of " + gradient.length);
        }
        for (int i = 0; i < squares.length; i++) {
            double g = gradient[i];
            squares[i] += g * g;
        }
        samples++;
    }

    /** {@link #add}: it can stand wherever gradients are taken, and who gives them sees that squares are enough. */
    @Override
    public void accept(float[] gradient) {
        add(gradient);
    }

    /** Folds part of several samples' squares, already summed; the samples themselves are counted by {@link #add}. */
    public void addSquares(double[] part) {
        for (int i = 0; i < squares.length; i++) {
            squares[i] += part[i];
        }
    }

    /** Samples folded so far. */
    public long samples() {
        return samples;
    }

    /** F (d), float32 as it is uploaded. */
    public float[] mean() {
        if (samples == 0) {
            throw new IllegalStateException("A Fisher needs at least one sample");
        }
        float[] mean = new float[squares.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (squares[i] / samples);
        }
        return mean;
    }
}
