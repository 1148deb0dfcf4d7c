package org.fednano.merger;

import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;

/**
 * What every merge has in common: how much a client weighs, and which updates are refused.
 *
 * @param uniform client weight w_k: 1 instead of n_k
 * @param maxUpdateNorm an update whose L2 norm is larger is rejected
 * @param maxNormRatio so is one whose norm is larger than so many times the median of the round's
 * @param maxUploadRatio so is one with an upload whose mean size is larger than so many times the median of the round's
 * @param maxShare share of the merge weight that one client may have, 0 to 1
 */
public record Merging(
        boolean uniform, double maxUpdateNorm, double maxNormRatio, double maxUploadRatio, double maxShare) {

    /** From settings. */
    public static Merging of(Settings settings) {
        return new Merging(
                settings.get(MethodKeys.MERGER_WEIGHTS).equals("uniform"),
                settings.get(MethodKeys.MAX_UPDATE_NORM),
                settings.get(MethodKeys.MAX_NORM_RATIO),
                settings.get(MethodKeys.MAX_UPLOAD_RATIO),
                settings.get(MethodKeys.MAX_SHARE));
    }

    /** w_k for a client with n_k training rows. */
    public double weight(int trainingRows) {
        return uniform ? 1 : trainingRows;
    }
}
