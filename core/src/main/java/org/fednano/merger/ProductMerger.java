package org.fednano.merger;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.fednano.adapter.AdapterLayout;

/**
 * Averages what adapters do instead of their factors: P = Σ p_k W_down,k W_up,k with p_k = w_k / Σ w, per modality, cut at rank R
 * and balanced (FlexLoRA, arXiv 2402.11505). The mean of factors lacks Σ p_k (W_down,k − W̄_down)(W_up,k − W̄_up).
 *
 * <p>Equal clients are a fixed point as a function, not as bytes; a modality that nobody changed keeps its factors. Every client's
 * adapter stays in memory until the merge: 4 d bytes each.
 */
public final class ProductMerger implements Merger {

    private final AdapterLayout layout;
    private final float[] theta;
    private final List<float[]> thetas = new ArrayList<>();
    private final List<Double> weights = new ArrayList<>();

    /** @param theta θ (d) */
    public ProductMerger(AdapterLayout layout, float[] theta) {
        this.layout = layout;
        this.theta = theta;
    }

    @Override
    public void add(float[] thetaK, Map<String, float[]> uploads, double weight) {
        thetas.add(Updates.requireSound(thetaK, weight, theta.length));
        weights.add(weight);
    }

    @Override
    public int clients() {
        return thetas.size();
    }

    @Override
    public Merged merge() {
        Updates.requireAny(clients());
        double[] shares = Updates.shares(weights);
        float[] merged = theta.clone();
        Balance balance = new Balance(layout);
        for (int m = 0; m < layout.modalities().size(); m++) {
            int from = layout.downOffset(m);
            int to = from + 2 * layout.hidden() * layout.rank();
            if (thetas.stream().allMatch(t -> Arrays.equals(t, from, to, theta, from, to))) {
                continue;
            }
            FactorSum product = new FactorSum(layout.hidden(), layout.rank());
            for (int k = 0; k < shares.length; k++) {
                product.add(shares[k], thetas.get(k), from, layout.upOffset(m));
            }
            balance.write(product.cut(), m, theta, merged);
        }
        return new Merged(merged, shares);
    }
}
