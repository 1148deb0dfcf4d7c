package org.fednano.merger;

import java.util.Arrays;
import java.util.Map;
import org.fednano.adapter.AdapterLayout;

/**
 * Another merger's result with its factors balanced, modality by modality: the same function up to rounding, from which the next
 * round trains otherwise. A modality that the merge left as it was keeps its factors.
 */
public final class Balanced implements Merger {

    private final AdapterLayout layout;
    private final float[] theta;
    private final Merger merger;

    /**
     * @param theta θ (d)
     * @param merger one that keeps nothing on the server: its state would be of other factors than the next round's
     */
    public Balanced(AdapterLayout layout, float[] theta, Merger merger) {
        this.layout = layout;
        this.theta = theta;
        this.merger = merger;
    }

    @Override
    public void add(float[] thetaK, Map<String, float[]> uploads, double weight) {
        merger.add(thetaK, uploads, weight);
    }

    @Override
    public boolean letGo() {
        return merger.letGo();
    }

    @Override
    public int clients() {
        return merger.clients();
    }

    @Override
    public Merged merge() {
        Merged merged = merger.merge();
        float[] balanced = merged.theta().clone();
        Balance balance = new Balance(layout);
        for (int m = 0; m < layout.modalities().size(); m++) {
            int from = layout.downOffset(m);
            int to = from + 2 * layout.hidden() * layout.rank();
            if (!Arrays.equals(balanced, from, to, theta, from, to)) {
                FactorSum product = new FactorSum(layout.hidden(), layout.rank());
                product.add(1, merged.theta(), from, layout.upOffset(m));
                balance.write(product.cut(), m, theta, balanced);
            }
        }
        return new Merged(balanced, merged.shares(), merged.state());
    }
}
