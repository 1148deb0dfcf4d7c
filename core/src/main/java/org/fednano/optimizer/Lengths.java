package org.fednano.optimizer;

/** The one check that optimisers share. */
final class Lengths {
    private Lengths() {}

    static void check(float[] theta, float[] gradient, int size) {
        if (theta.length != size || gradient.length != size) {
            throw new IllegalArgumentException("An optimiser for " + size + " values got " + theta.length
                    + " parameters and " + gradient.length + " gradients");
        }
    }
}
