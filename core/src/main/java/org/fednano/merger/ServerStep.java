package org.fednano.merger;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/**
 * A server optimiser over the weighted mean of the clients' changes: θ'_i = θ_i + step(Δ̄_i), Δ̄ = Σ w_k Δ_k / Σ w_k (Reddi et
 * al., Adaptive Federated Optimization, ICLR 2021, algorithm 1). Unlike a mean, the result may leave the clients' range.
 */
public final class ServerStep implements Merger {

    /** One coordinate's step. */
    @FunctionalInterface
    public interface Step {

        /**
         * @param i coordinate
         * @param delta Δ̄_i
         * @param kept the kept vectors (d) in the order of their names; changed in place at i
         * @return what is added to θ_i
         */
        double of(int i, double delta, List<float[]> kept);
    }

    private final float[] theta;
    private final DeltaAccumulator deltas;
    private final List<String> names;
    private final List<float[]> kept = new ArrayList<>();
    private final Step step;

    /**
     * @param theta θ (d)
     * @param state what the last round kept; copied. A name that is missing starts at zero
     * @param names of what is kept
     */
    public ServerStep(float[] theta, Map<String, float[]> state, List<String> names, Step step) {
        this.theta = theta;
        this.deltas = new DeltaAccumulator(theta);
        this.names = List.copyOf(names);
        this.step = step;
        for (String name : names) {
            kept.add(state.containsKey(name) ? state.get(name).clone() : new float[theta.length]);
        }
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
        return merge(deltas::mean);
    }

    /** Holds Δ̄: what a step makes of it goes beyond the clients by design. */
    @Override
    public Merged merge(Clamp clamp) {
        return merge(i -> clamp.hold(i, theta[i], deltas.mean(i)));
    }

    private Merged merge(IntToDoubleFunction mean) {
        if (clients() == 0) {
            throw new IllegalStateException("Nothing to merge: no client was folded");
        }
        deltas.settle();
        float[] merged = new float[theta.length];
        for (int i = 0; i < merged.length; i++) {
            merged[i] = (float) (theta[i] + step.of(i, mean.applyAsDouble(i), kept));
        }
        Map<String, float[]> state = new LinkedHashMap<>();
        for (int n = 0; n < names.size(); n++) {
            state.put(names.get(n), kept.get(n));
        }
        return new Merged(merged, deltas.shares(), state);
    }
}
