package org.fednano.merger;

import java.util.Map;
import org.fednano.merger.DeltaAccumulator.Factors;

/**
 * θ' = θ + Σ a_k ⊙ Δ_k / Σ a_k with a_k = w_k (F_k + λ m), m the mean coordinate of Σ w_k F_k / Σ w_k (FedNano, eq. 7,
 * with a relative floor). Where m = 0, and for λ = 0 where all a_k of a coordinate are 0, it is the weighted mean.
 *
 * <p>The floor is relative because clients' mean Fisher was seen from 1e-5 to 1e-1: an absolute ε would swallow the
 * small ones and training would stall. λ m is known only at the end, so the sums with and without F are kept apart:
 * Σ a_k Δ_k = Σ w_k F_k Δ_k + λ m Σ w_k Δ_k, and Σ a_k = Σ w_k F_k + λ m Σ w_k.
 *
 * <p>For the same reason a client's share of the merge weight is kept as the two sums that it takes, w_k Σ_i F_k,i and
 * w_k: Σ_i a_k,i = w_k Σ_i F_k,i + λ m d w_k.
 */
public final class FisherMerger implements Merger {

    private final String upload;
    private final double floor;
    private final DeltaAccumulator deltas;
    private final int d;

    /**
     * @param upload name under which clients send F_k
     * @param floor λ
     * @param normalise each F_k is scaled to mean 1 first (one that is all zero stays so)
     */
    public FisherMerger(float[] theta, String upload, double floor, boolean normalise) {
        this.upload = upload;
        this.floor = floor;
        d = theta.length;
        deltas = new DeltaAccumulator(theta, normalise ? Factors.NORMALISED : Factors.AS_THEY_ARE);
    }

    @Override
    public void add(float[] thetaK, Map<String, float[]> uploads, double weight) {
        float[] fisherK = uploads.get(upload);
        if (fisherK == null || fisherK.length != d) {
            throw new IllegalArgumentException(
                    "A Fisher must hold " + d + " values: got " + (fisherK == null ? "none" : fisherK.length));
        }
        deltas.add(thetaK, weight, fisherK);
    }

    @Override
    public boolean letGo() {
        return deltas.letGo();
    }

    @Override
    public int clients() {
        return deltas.clients();
    }

    @Override
    public Merged merge() {
        deltas.settle();
        double mass = 0; // Σ_k w_k Σ_i F_k,i
        for (int k = 0; k < clients(); k++) {
            mass += deltas.mass(k);
        }
        double mean = mass / d / deltas.weight(); // m
        double lambda = floor * mean; // λ m
        float[] theta = deltas.merge(i -> {
            double total = deltas.factor(i) + lambda * deltas.weight();
            return total > 0 ? (deltas.factorDelta(i) + lambda * deltas.sum(i)) / total : deltas.mean(i);
        });
        double[] shares = new double[clients()];
        double all = mass + lambda * d * deltas.weight();
        for (int k = 0; k < shares.length; k++) {
            shares[k] = all > 0
                    ? (deltas.mass(k) + lambda * d * deltas.weight(k)) / all
                    : deltas.weight(k) / deltas.weight();
        }
        return new Merged(theta, shares);
    }
}
