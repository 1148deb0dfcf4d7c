package org.fednano.merger;

import java.util.Map;

/** θ' = θ + Σ w_k Δ_k / Σ w_k: FedAvg. */
public final class WeightedMean implements Merger {

    private final DeltaAccumulator deltas;

    public WeightedMean(float[] theta) {
        deltas = new DeltaAccumulator(theta);
    }

    @Override
    public void add(float[] thetaK, Map<String, float[]> uploads, double weight) {
        deltas.add(thetaK, weight);
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
        return new Merged(deltas.merge(deltas::mean), deltas.shares());
    }
}
