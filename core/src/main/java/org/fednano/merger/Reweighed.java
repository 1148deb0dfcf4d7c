package org.fednano.merger;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Another merger with weights that need all clients at once. A client that weighs nothing is left out and has no share. Updates stay
 * in memory until the merge: 4 d bytes for each vector.
 */
public final class Reweighed implements Merger {

    private record Update(float[] thetaK, Map<String, float[]> uploads, double weight) {}

    private final float[] theta;
    private final ClientWeights rule;
    private final Merger merger;
    private final List<Update> updates = new ArrayList<>();

    /** @param theta θ (d) */
    public Reweighed(float[] theta, ClientWeights rule, Merger merger) {
        this.theta = theta;
        this.rule = rule;
        this.merger = merger;
    }

    @Override
    public void add(float[] thetaK, Map<String, float[]> uploads, double weight) {
        updates.add(new Update(Updates.requireSound(thetaK, weight, theta.length), uploads, weight));
    }

    @Override
    public int clients() {
        return updates.size();
    }

    @Override
    public Merged merge() {
        return merge(Merger::merge);
    }

    @Override
    public Merged merge(Clamp clamp) {
        return merge(weighed -> weighed.merge(clamp));
    }

    private Merged merge(Function<Merger, Merged> how) {
        Updates.requireAny(clients());
        double[] given = updates.stream().mapToDouble(Update::weight).toArray();
        List<float[]> thetas = updates.stream().map(Update::thetaK).toList();
        double[] weights = rule.of(given, () -> ClientWeights.gram(thetas, theta));
        for (int k = 0; k < weights.length; k++) {
            if (weights[k] > 0) {
                merger.add(updates.get(k).thetaK(), updates.get(k).uploads(), weights[k]);
            }
        }
        Merged merged = how.apply(merger);
        double[] shares = new double[weights.length];
        int next = 0;
        for (int k = 0; k < shares.length; k++) {
            shares[k] = weights[k] > 0 ? merged.shares()[next++] : 0;
        }
        return new Merged(merged.theta(), shares, merged.state());
    }
}
