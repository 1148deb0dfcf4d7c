package org.fednano.algorithm;

import java.util.Arrays;

/**
 * Which way the updates of a round point: for each client the cosine of its change Δ_k with the sum of the others'. Every change
 * counts with length 1, so that nobody's length decides who disagrees with whom. Changes are added as they arrive: as whole numbers,
 * whose sum is the same in any order.
 */
final class Directions {

    private static final double ONE = 1L << 40; // length 1; leaves room for 2^23 clients

    private final float[] before;
    private final double[] cosines; // NaN where none is known
    private final long[] sum; // Σ Δ_k / ‖Δ_k‖, in units of 1 / ONE

    Directions(float[] before, int cohort) {
        this.before = before;
        cosines = new double[cohort];
        Arrays.fill(cosines, Double.NaN);
        sum = new long[before.length];
    }

    /** Takes θ_k in, whose change has this L2 norm; one that does not move points nowhere. */
    void add(float[] theta, double norm) {
        shift(theta, norm, 1);
    }

    /** Takes out again what was taken in. */
    void remove(float[] theta, double norm) {
        shift(theta, norm, -1);
    }

    private void shift(float[] theta, double norm, int by) {
        for (int i = 0; norm > 0 && i < sum.length; i++) {
            sum[i] += by * unit(theta, norm, i);
        }
    }

    /** Looks at one of the taken, once all are. */
    void measure(int place, float[] theta, double norm) {
        double dot = 0;
        double own = 0;
        double others = 0;
        for (int i = 0; norm > 0 && i < sum.length; i++) {
            long unit = unit(theta, norm, i);
            double rest = sum[i] - unit;
            dot += unit * rest;
            own += (double) unit * unit;
            others += rest * rest;
        }
        cosines[place] = own > 0 && others > 0 ? dot / Math.sqrt(own) / Math.sqrt(others) : Double.NaN;
    }

    private long unit(float[] theta, double norm, int i) {
        return (long) Math.rint(((double) theta[i] - before[i]) / norm * ONE);
    }

    /** −1 to 1; NaN if it was not looked at, does not move, or if the others do not. */
    double cosine(int place) {
        return cosines[place];
    }

    /**
     * The cosine below which an update is against the others. Nobody is where they are too few, or more than a quarter of them points
     * against the others: then these are of several minds.
     *
     * @param least that is wanted
     * @param fewest updates of which it can be told
     */
    double bound(double least, int fewest) {
        double[] sorted =
                Arrays.stream(cosines).filter(c -> !Double.isNaN(c)).sorted().toArray();
        return sorted.length >= fewest && sorted[sorted.length / 4] > 0 ? least : Double.NEGATIVE_INFINITY;
    }
}
