package org.fednano.merger;

import java.io.Serializable;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;

/**
 * How updates are merged, and which are refused.
 *
 * @param rule which merger
 * @param floor λ: every coordinate's Fisher gets this share of the mean coordinate
 * @param uniform client weight w_k: 1 instead of n_k
 * @param maxUpdateNorm an update whose L2 norm is larger is rejected
 */
public record Merging(MergeRule rule, double floor, boolean uniform, double maxUpdateNorm) implements Serializable {

    /** From settings, with what the strategy asks of the server. */
    public static Merging of(Settings settings, MergeRule rule) {
        return new Merging(
                rule,
                settings.get(MethodKeys.MERGER_FLOOR),
                settings.get(MethodKeys.MERGER_WEIGHTS).equals("uniform"),
                settings.get(MethodKeys.MAX_UPDATE_NORM));
    }

    /** w_k for a client with n_k training rows. */
    public double weight(int trainingRows) {
        return uniform ? 1 : trainingRows;
    }

    /** An empty merger around the global adapter θ, which is not copied. */
    public Merger start(float[] theta) {
        return switch (rule) {
            case MEAN -> new WeightedMean(theta);
            case FISHER -> new FisherMerger(theta, floor, false);
            case NORMALISED_FISHER -> new FisherMerger(theta, floor, true);
        };
    }
}
