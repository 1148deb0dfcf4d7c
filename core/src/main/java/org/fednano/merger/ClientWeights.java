package org.fednano.merger;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.fednano.tensor.DoubleProducts;

/** How much clients weigh beside each other, once all of a round are there. */
@FunctionalInterface
public interface ClientWeights {

    /** A client of more than so many medians of w is weighed down to that. */
    double CAP = 1.5;

    /** Weiszfeld's steps; distances below this share of the longest update count as that. */
    int STEPS = 60;

    /** See {@link #STEPS}. */
    double NEAR = 1e-6;

    /** Coordinates at a time in {@link #gram}. */
    int CHUNK = 1 << 14;

    /** min(w_k, 1.5 · median w). */
    ClientWeights CAPPED = (w, gram) -> {
        double[] sorted = w.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return Arrays.stream(w).map(v -> Math.min(v, CAP * median)).toArray();
    };

    /**
     * Weights under which the mean of the updates is their geometric median, argmin_z Σ w_k ‖z − Δ_k‖, by Weiszfeld's steps
     * λ_k ← w_k / ‖z − Δ_k‖, z ← Σ λ_k Δ_k / Σ λ (Pillutla et al., Robust Aggregation for Federated Learning, arXiv 1912.13445).
     * Less than half of the weight cannot carry it away, whatever it sends.
     */
    ClientWeights GEOMETRIC_MEDIAN = (w, gram) -> {
        double[][] g = gram.of();
        double longest =
                IntStream.range(0, w.length).mapToDouble(k -> g[k][k]).max().orElse(0);
        double[] weights = w;
        for (int step = 0; step < STEPS && longest > 0; step++) {
            double[] p = shares(weights);
            double[] zDotEach = Arrays.stream(g).mapToDouble(row -> dot(row, p)).toArray();
            double zz = dot(zDotEach, p);
            double[] next = new double[w.length];
            for (int k = 0; k < w.length; k++) {
                double squared = g[k][k] - 2 * zDotEach[k] + zz;
                next[k] = w[k] / Math.sqrt(Math.max(squared, NEAR * NEAR * longest));
            }
            weights = next;
        }
        return weights;
    };

    /**
     * w_k max(0, cos(Δ_k, Σ_{j≠k} w_j Δ_j)); where all are 0, w. Finds noise, and may silence an honest minority; no defence against
     * one client that sends much.
     */
    ClientWeights AGREEMENT = (w, gram) -> {
        double[][] g = gram.of();
        double[] weights = new double[w.length];
        for (int k = 0; k < w.length; k++) {
            double[] others = w.clone();
            others[k] = 0;
            double along = dot(g[k], others);
            double length =
                    dot(Arrays.stream(g).mapToDouble(row -> dot(row, others)).toArray(), others);
            double cosine = along / Math.sqrt(g[k][k] * length);
            // NaN is that of an update of length 0; more than 1 is what others that cancel each other leave to
            // rounding.
            weights[k] = cosine > 0 ? w[k] * Math.min(1, cosine) : 0;
        }
        return Arrays.stream(weights).sum() > 0 ? weights : w;
    };

    /** The updates' inner products, made when asked for. */
    @FunctionalInterface
    interface Gram {
        /** (K, K): Δ_jᵀ Δ_k. */
        double[][] of();
    }

    /**
     * @param w (K) weights as they are without this rule, above 0
     * @return (K), not negative, not all 0
     */
    double[] of(double[] w, Gram gram);

    /** Δ_jᵀ Δ_k with Δ_k = θ_k − θ, in double precision. */
    static double[][] gram(List<float[]> thetas, float[] theta) {
        int clients = thetas.size();
        int width = Math.min(theta.length, CHUNK);
        double[] sum = new double[clients * clients];
        double[] deltas = new double[clients * width]; // (K, width), of some coordinates; 0 beyond the last
        for (int from = 0; from < theta.length; from += width) {
            for (int k = 0; k < clients; k++) {
                for (int i = 0; i < width; i++) {
                    int at = from + i;
                    deltas[k * width + i] = at < theta.length ? (double) thetas.get(k)[at] - theta[at] : 0;
                }
            }
            double[] products = DoubleProducts.gram(deltas, clients, width);
            Arrays.setAll(sum, at -> sum[at] + products[at]);
        }
        double[][] gram = new double[clients][clients];
        for (int j = 0; j < clients; j++) {
            for (int k = 0; k < clients; k++) {
                gram[j][k] = sum[Math.min(j, k) * clients + Math.max(j, k)];
            }
        }
        return gram;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double[] shares(double[] weights) {
        double total = Arrays.stream(weights).sum();
        return Arrays.stream(weights).map(w -> w / total).toArray();
    }
}
