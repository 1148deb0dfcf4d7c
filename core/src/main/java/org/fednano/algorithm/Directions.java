package org.fednano.algorithm;

import java.util.Arrays;

/**
 * Which way the updates of a round point: for each client the cosine of its change Δ_k with the sum of the others'. Every change
 * counts with length 1, so that nobody's length decides who disagrees with whom. Changes are added as they arrive: as whole numbers,
 * whose sum is the same in any order.
 */
final class Directions {

    private static final double ONE = 1L << 32; // length 1; leaves room for 2^20 clients below 2^52

    private static final double WHOLE = 0x1.8p52;

    /** Of a unit change: what is less far from it is the same. */
    private static final double ROUNDING = 1e-9;

    private final float[] before;
    private final double[] cosines; // NaN where none is known
    private final double[] sum; // s = Σ Δ_k / ‖Δ_k‖, whole numbers in units of 1 / ONE
    private double length; // ‖s‖²

    Directions(float[] before, int cohort) {
        this.before = before;
        cosines = new double[cohort];
        Arrays.fill(cosines, Double.NaN);
        sum = new double[before.length];
    }

    /** Takes θ_k in, whose change has this L2 norm; one that does not move points nowhere. */
    void add(float[] theta, double norm) {
        shift(theta, 0, theta.length, norm, 1);
    }

    /** Takes a piece of θ_k out again: {@code count} values from coordinate {@code at} on. */
    void remove(float[] piece, int at, int count, double norm) {
        shift(piece, at, count, norm, -1);
    }

    private void shift(float[] piece, int at, int count, double norm, int by) {
        double scale = norm > 0 ? ONE / norm : 0;
        for (int i = 0; i < count; i++) {
            // What is added and taken away again is so large that only whole numbers are left: rounding without a call.
            sum[at + i] += by * (((double) piece[i] - before[at + i]) * scale + WHOLE - WHOLE);
        }
    }

    /** All are taken in: from here on they can be looked at, several side by side. */
    void complete() {
        length = 0;
        for (double value : sum) {
            length += value * value;
        }
    }

    /**
     * Looks at one of the taken.
     *
     * @param along the sum of {@link #along} over all pieces of θ_k
     */
    void measure(int place, double along, double norm) {
        if (!(norm > 0)) {
            return;
        }
        // u (s − u) and ‖s − u‖² of the unit change u and the sum s, by way of u s: one pass.
        double own = ONE * ONE;
        double unit = along * (ONE / norm);
        double rest = length - 2 * unit + own;
        cosines[place] = rest > ROUNDING * own ? (unit - own) / ONE / Math.sqrt(rest) : Double.NaN;
    }

    /**
     * Σ Δ_k,i s_i over a piece of θ_k; four sums beside each other, so that none waits for the one before.
     *
     * @param piece values of θ_k from coordinate {@code at} on
     * @param count of these that are looked at
     */
    double along(float[] piece, int at, int count) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i < count - 3; i += 4) {
            a += ((double) piece[i] - before[at + i]) * sum[at + i];
            b += ((double) piece[i + 1] - before[at + i + 1]) * sum[at + i + 1];
            c += ((double) piece[i + 2] - before[at + i + 2]) * sum[at + i + 2];
            d += ((double) piece[i + 3] - before[at + i + 3]) * sum[at + i + 3];
        }
        for (; i < count; i++) {
            a += ((double) piece[i] - before[at + i]) * sum[at + i];
        }
        return a + b + c + d;
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
