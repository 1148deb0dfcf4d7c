package org.fednano.merger;

import java.util.Arrays;

/** θ' = θ + Σ w_k Δ_k / Σ w_k: FedAvg. */
final class WeightedMean implements Merger {

    private final Deltas deltas;
    private double[] weights = new double[8];

    WeightedMean(float[] theta) {
        deltas = new Deltas(theta);
    }

    @Override
    public void add(float[] thetaK, float[] fisherK, double weight) {
        int k = deltas.add(thetaK, weight);
        weights = Deltas.withRoom(weights, k);
        weights[k] = weight;
    }

    @Override
    public int clients() {
        return deltas.clients();
    }

    @Override
    public Merged merge() {
        double[] shares = Arrays.copyOf(weights, clients());
        double total = Arrays.stream(shares).sum();
        for (int k = 0; k < shares.length; k++) {
            shares[k] /= total;
        }
        return new Merged(deltas.merge(deltas::mean), shares);
    }
}
