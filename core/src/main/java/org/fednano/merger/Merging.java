package org.fednano.merger;

import java.util.Locale;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;

/**
 * What every merge has in common: how much a client weighs, and which updates are refused.
 *
 * @param weights how clients weigh
 * @param maxUpdateNorm an update whose L2 norm is larger is rejected
 * @param maxNormRatio so is one whose norm is larger than so many times the median of the round's
 * @param maxUploadRatio so is one with an upload whose mean size is larger than so many times the median of the round's
 * @param minCosine so is one whose change has a smaller cosine with the sum of the others'; -1: none
 * @param maxShare share of the merge weight that one client may have, 0 to 1
 * @param clamp a merged value lies within the clients' values without so many of the lowest and of the highest; 0: without this bound;
 *     negative: as the number of clients suggests
 */
public record Merging(
        Weights weights,
        double maxUpdateNorm,
        double maxNormRatio,
        double maxUploadRatio,
        double minCosine,
        double maxShare,
        int clamp) {

    /** Of so many clients one may lie, unless settings say otherwise: what leaves two out says little of fewer. */
    private static final int ONE_LIAR = 10;

    /** From settings. */
    public static Merging of(Settings settings) {
        return new Merging(
                Weights.of(settings.get(MethodKeys.MERGER_WEIGHTS)),
                settings.get(MethodKeys.MAX_UPDATE_NORM),
                settings.get(MethodKeys.MAX_NORM_RATIO),
                settings.get(MethodKeys.MAX_UPLOAD_RATIO),
                settings.get(MethodKeys.MIN_COSINE),
                settings.get(MethodKeys.MAX_SHARE),
                settings.get(MethodKeys.CLAMP));
    }

    /** {@code merger.weights}. */
    public enum Weights {
        SAMPLES(null),
        UNIFORM(null),
        CAPPED(ClientWeights.CAPPED),
        GEOMETRIC_MEDIAN(ClientWeights.GEOMETRIC_MEDIAN),
        AGREEMENT(ClientWeights.AGREEMENT);

        private final ClientWeights rule; // null: known without the other clients

        Weights(ClientWeights rule) {
            this.rule = rule;
        }

        static Weights of(String name) {
            return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
        }
    }

    /** w_k for a client with n_k training rows, as far as it is known without the others. */
    public double weight(int trainingRows) {
        return weights == Weights.UNIFORM ? 1 : trainingRows;
    }

    /** How many lowest and highest values are left out where so many clients are merged, if the merge can be held at all. */
    int liars(int clients) {
        return clamp >= 0 ? clamp : clients >= ONE_LIAR ? 1 : 0;
    }

    /**
     * The method's merger with weights that need all clients, and with a clamp, if such are chosen.
     *
     * @param clients that will be folded
     * @param clampable whether the merger can be held
     */
    public Merger around(Merger merger, float[] theta, int clients, boolean clampable) {
        Merger weighed = weights.rule == null ? merger : new Reweighed(theta, weights.rule, merger);
        int k = clampable ? liars(clients) : 0;
        return k == 0 ? weighed : new Clamped(k, theta.length, weighed);
    }
}
