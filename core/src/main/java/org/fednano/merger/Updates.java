package org.fednano.merger;

import java.util.List;

/** What mergers that need all clients at once ask of what they are given. */
final class Updates {

    private Updates() {}

    static float[] requireSound(float[] thetaK, double weight, int d) {
        if (thetaK.length != d || !(weight > 0)) {
            throw new IllegalArgumentException("An update must hold " + d + " values and weigh more than 0: got "
                    + thetaK.length + " values, weight " + weight);
        }
        return thetaK;
    }

    static void requireAny(int clients) {
        if (clients == 0) {
            throw new IllegalStateException("Nothing to merge: no client was folded");
        }
    }

    /** p_k = w_k / Σ w. */
    static double[] shares(List<Double> weights) {
        double total = weights.stream().mapToDouble(w -> w).sum();
        return weights.stream().mapToDouble(w -> w / total).toArray();
    }
}
