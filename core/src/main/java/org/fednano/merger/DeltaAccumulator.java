package org.fednano.merger;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What every merger accumulates: Σ w_k Δ_k, Σ w_k, and the clients' range per coordinate; with factors F_k for the coordinates also
 * Σ w_k F_k, Σ w_k F_k Δ_k and each client's mass w_k Σ_i F_k,i. Of large adapters some clients wait, to be folded together: the sums then pass through memory once for
 * all of these. Coordinate by coordinate clients are folded in their order.
 */
final class DeltaAccumulator {

    /** Number k, w_k, θ_k, and F_k or null. */
    private record Waiting(int k, double weight, float[] theta, float[] factor) {}

    /** Whether clients bring factors, and what is made of these. */
    enum Factors {
        NONE,
        AS_THEY_ARE,
        /** Each scaled to mean 1, unless it is all zero. */
        NORMALISED
    }

    private final float[] theta;
    private final Factors factors;
    private final int together; // clients that are folded at once
    private final List<Waiting> waiting = new ArrayList<>();
    private final double[] sum; // Σ w_k Δ_k
    private final double[] factorSum; // Σ w_k F_k; of length 0 without factors
    private final double[] factorDelta; // Σ w_k F_k Δ_k; likewise
    private final float[] lowest;
    private final float[] highest;
    private double[] weights = new double[8]; // w_k
    private double[] masses = new double[8]; // w_k Σ_i F_k,i; of those that do not wait
    private double weight; // Σ w_k
    private int clients;

    DeltaAccumulator(float[] theta) {
        this(theta, Factors.NONE);
    }

    DeltaAccumulator(float[] theta, Factors factors) {
        this.theta = theta;
        this.factors = factors;
        boolean factored = factors != Factors.NONE;
        int d = theta.length;
        together = Coordinates.together(d, (factored ? 8L : 4L) * d);
        sum = new double[d];
        factorSum = new double[factored ? d : 0];
        factorDelta = new double[factored ? d : 0];
        lowest = new float[d];
        highest = new float[d];
        Arrays.fill(lowest, Float.POSITIVE_INFINITY);
        Arrays.fill(highest, Float.NEGATIVE_INFINITY);
    }

    /** Folds one client and returns its number, from 0. */
    int add(float[] thetaK, double weightK) {
        return add(thetaK, weightK, null);
    }

    /**
     * Folds one client and returns its number, from 0.
     *
     * @param factorK F_k (d); null without factors
     */
    int add(float[] thetaK, double weightK, float[] factorK) {
        if (thetaK.length != theta.length || !(weightK > 0)) {
            throw new IllegalArgumentException("An update must hold " + theta.length
                    + " values and weigh more than 0: got " + thetaK.length + " values, weight " + weightK);
        }
        int k = clients++;
        weights = withRoom(weights, k);
        masses = withRoom(masses, k);
        weights[k] = weightK;
        weight += weightK;
        waiting.add(new Waiting(k, weightK, thetaK, factorK));
        if (waiting.size() >= together) {
            settle();
        }
        return k;
    }

    /** Folds who waits: the vectors that were given are not read any more. */
    boolean letGo() {
        settle();
        return true;
    }

    /** Folds who waits; to be called before a sum is looked at. */
    void settle() {
        double[] scaled = new double[waiting.size()]; // what F_k is multiplied by
        if (factors != Factors.NONE) {
            IntStream.range(0, scaled.length).parallel().forEach(i -> scaled[i] = weigh(waiting.get(i)));
        }
        Coordinates.each(theta.length, (from, to) -> {
            for (int i = 0; i < scaled.length; i++) {
                Waiting client = waiting.get(i);
                widen(client.theta(), from, to);
                if (factors == Factors.NONE) {
                    fold(client.weight(), client.theta(), from, to);
                } else {
                    fold(client.weight(), client.theta(), scaled[i], client.factor(), from, to);
                }
            }
        });
        waiting.clear();
    }

    /** Takes the client's mass down and returns what its factors are multiplied by. */
    private double weigh(Waiting client) {
        double sum = sum(client.factor());
        double scaled = client.weight();
        if (factors == Factors.NORMALISED && sum > 0) {
            scaled *= theta.length / sum;
        }
        masses[client.k()] = scaled * sum;
        return scaled;
    }

    /** Four sums beside each other, so that none waits for the one before. */
    private static double sum(float[] values) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i < values.length - 3; i += 4) {
            a += values[i];
            b += values[i + 1];
            c += values[i + 2];
            d += values[i + 3];
        }
        for (; i < values.length; i++) {
            a += values[i];
        }
        return a + b + c + d;
    }

    // Loops apart, since the compiler makes more of these than of one.

    private void widen(float[] thetaK, int from, int to) {
        for (int i = from; i < to; i++) {
            lowest[i] = Math.min(lowest[i], thetaK[i]);
            highest[i] = Math.max(highest[i], thetaK[i]);
        }
    }

    private void fold(double w, float[] thetaK, int from, int to) {
        for (int i = from; i < to; i++) {
            sum[i] += w * ((double) thetaK[i] - theta[i]);
        }
    }

    private void fold(double w, float[] thetaK, double scaled, float[] factorK, int from, int to) {
        for (int i = from; i < to; i++) {
            double delta = (double) thetaK[i] - theta[i];
            double wf = scaled * factorK[i];
            sum[i] += w * delta;
            factorSum[i] += wf;
            factorDelta[i] += wf * delta;
        }
    }

    /** Σ w_k Δ_k at coordinate i. */
    double sum(int i) {
        return sum[i];
    }

    /** Σ w_k F_k at coordinate i. */
    double factor(int i) {
        return factorSum[i];
    }

    /** Σ w_k F_k Δ_k at coordinate i. */
    double factorDelta(int i) {
        return factorDelta[i];
    }

    /** Σ w_k. */
    double weight() {
        return weight;
    }

    int clients() {
        return clients;
    }

    double weight(int k) {
        return weights[k];
    }

    /** w_k Σ_i F_k,i. */
    double mass(int k) {
        return masses[k];
    }

    /** Each client's share of Σ w_k, in the order of folding. */
    double[] shares() {
        double[] shares = Arrays.copyOf(weights, clients);
        double total = Arrays.stream(shares).sum();
        for (int k = 0; k < clients; k++) {
            shares[k] /= total;
        }
        return shares;
    }

    /** Weighted mean of Δ at coordinate i. */
    double mean(int i) {
        return sum[i] / weight;
    }

    /**
     * θ' = θ + change. A weighted mean lies within the clients' range; rounding may carry it just outside, so it is put
     * back. That makes it exact that equal clients, or a single one, get back what they sent.
     */
    float[] merge(IntToDoubleFunction change) {
        if (clients == 0) {
            throw new IllegalStateException("Nothing to merge: no client was folded");
        }
        settle();
        float[] merged = new float[theta.length];
        for (int i = 0; i < merged.length; i++) {
            float value = (float) (theta[i] + change.applyAsDouble(i));
            merged[i] = Math.max(lowest[i], Math.min(highest[i], value));
        }
        return merged;
    }

    /** {@code values}, or a longer copy with room for index k. */
    private static double[] withRoom(double[] values, int k) {
        return k < values.length ? values : Arrays.copyOf(values, 2 * k);
    }
}
