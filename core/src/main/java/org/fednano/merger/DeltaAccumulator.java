package org.fednano.merger;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/** What every merger accumulates: Σ w_k Δ_k, Σ w_k, and the clients' range per coordinate. */
final class DeltaAccumulator {

    private final float[] theta;
    private final double[] sum; // Σ w_k Δ_k
    private final float[] lowest;
    private final float[] highest;
    private double[] weights = new double[8]; // w_k
    private double weight; // Σ w_k
    private int clients;

    DeltaAccumulator(float[] theta) {
        this.theta = theta;
        sum = new double[theta.length];
        lowest = new float[theta.length];
        highest = new float[theta.length];
        Arrays.fill(lowest, Float.POSITIVE_INFINITY);
        Arrays.fill(highest, Float.NEGATIVE_INFINITY);
    }

    /** Folds one client and returns its number, from 0. */
    int add(float[] thetaK, double weightK) {
        if (thetaK.length != theta.length || !(weightK > 0)) {
            throw new IllegalArgumentException("An update must hold " + theta.length
                    + " values and weigh more than 0: got " + thetaK.length + " values, weight " + weightK);
        }
        Coordinates.each(sum.length, (from, to) -> {
            for (int i = from; i < to; i++) {
                sum[i] += weightK * delta(thetaK, i);
                lowest[i] = Math.min(lowest[i], thetaK[i]);
                highest[i] = Math.max(highest[i], thetaK[i]);
            }
        });
        weights = withRoom(weights, clients);
        weights[clients] = weightK;
        weight += weightK;
        return clients++;
    }

    double delta(float[] thetaK, int i) {
        return (double) thetaK[i] - theta[i];
    }

    double sum(int i) {
        return sum[i];
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
        float[] merged = new float[theta.length];
        for (int i = 0; i < merged.length; i++) {
            float value = (float) (theta[i] + change.applyAsDouble(i));
            merged[i] = Math.max(lowest[i], Math.min(highest[i], value));
        }
        return merged;
    }

    /** {@code values}, or a longer copy with room for index k. */
    static double[] withRoom(double[] values, int k) {
        return k < values.length ? values : Arrays.copyOf(values, 2 * k);
    }
}
