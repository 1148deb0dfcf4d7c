package org.fednano.algorithm;

import java.util.Arrays;

/**
 * Which way the updates of a round point: for each client the cosine of its change Δ_k with the sum of the others'. Every change
 * counts with length 1, so that nobody's length decides who disagrees with whom. Changes are added as they arrive: as whole numbers,
 * whose sum is the same in any order.
 */
final class Directions {

    private static final double ONE = 1L << 40; // length 1; leaves room for 2^23 clients

    private static final double WHOLE = 0x1.8p52;

    /** Of a unit change: what is less far from it is the same. */
    private static final double ROUNDING = 1e-9;

    private final float[] before;
    private final double[] cosines; // NaN where none is known
    private final long[] sum; // s = Σ Δ_k / ‖Δ_k‖, in units of 1 / ONE
    private double length = Double.NaN; // ‖s‖²; NaN: not known yet

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
        double scale = norm > 0 ? ONE / norm : 0;
        for (int i = 0; i < sum.length; i++) {
            // What is added and taken away again is so large that only whole numbers are left: rounding without a call.
            sum[i] += by * (long) (((double) theta[i] - before[i]) * scale + WHOLE - WHOLE);
        }
        length = Double.NaN;
    }

    /** Looks at one of the taken, once all are. */
    void measure(int place, float[] theta, double norm) {
        if (!(norm > 0)) {
            return;
        }
        // u (s − u) and ‖s − u‖² of the unit change u and the sum s, by way of u s: one pass.
        double own = ONE * ONE;
        double along = dot(theta) * (ONE / norm);
        double rest = squaredLength() - 2 * along + own;
        cosines[place] = rest > ROUNDING * own ? (along - own) / ONE / Math.sqrt(rest) : Double.NaN;
    }

    /** Σ Δ_k,i s_i; four sums beside each other, so that none waits for the one before. */
    private double dot(float[] theta) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int whole = sum.length & ~3;
        for (int i = 0; i < whole; i += 4) {
            a += ((double) theta[i] - before[i]) * sum[i];
            b += ((double) theta[i + 1] - before[i + 1]) * sum[i + 1];
            c += ((double) theta[i + 2] - before[i + 2]) * sum[i + 2];
            d += ((double) theta[i + 3] - before[i + 3]) * sum[i + 3];
        }
        for (int i = whole; i < sum.length; i++) {
            a += ((double) theta[i] - before[i]) * sum[i];
        }
        return a + b + c + d;
    }

    private double squaredLength() {
        if (Double.isNaN(length)) {
            double squares = 0;
            for (long value : sum) {
                squares += (double) value * value;
            }
            length = squares;
        }
        return length;
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
