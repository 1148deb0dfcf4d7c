package org.fednano.merger;

import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;

/**
 * What every merge has in common: how much a client weighs, and which updates are refused.
 *
 * @param uniform client weight w_k: 1 instead of n_k
 * @param maxUpdateNorm an update whose L2 norm is larger is rejected
 */
public record Merging(boolean uniform, double maxUpdateNorm) {

    /** From settings. */
    public static Merging of(Settings settings) {
        return new Merging(
                settings.get(MethodKeys.MERGER_WEIGHTS).equals("uniform"), settings.get(MethodKeys.MAX_UPDATE_NORM));
    }

    /** w_k for a client with n_k training rows. */
    public double weight(int trainingRows) {
        return uniform ? 1 : trainingRows;
    }
}
