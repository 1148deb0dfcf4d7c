package org.fednano.algorithm;

import java.io.Serializable;
import org.fednano.optimizer.OptimizerSpec;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;

/**
 * How a client trains in a round.
 *
 * @param epochs E
 * @param batchSize samples per step
 * @param optimizer which, with its numbers
 * @param gradScale power of two that multiplies the endpoint's gradients
 */
public record LocalTraining(int epochs, int batchSize, OptimizerSpec optimizer, float gradScale)
        implements Serializable {

    public LocalTraining {
        if (epochs < 1 || batchSize < 1 || !isPowerOfTwo(gradScale)) {
            throw new IllegalArgumentException(
                    "Local training needs epochs >= 1, a batch size >= 1 and a gradient scale that is a power of two: got "
                            + epochs + ", " + batchSize + ", " + gradScale);
        }
    }

    /** From settings. */
    public static LocalTraining of(Settings settings) {
        return new LocalTraining(
                settings.get(MethodKeys.EPOCHS),
                settings.get(MethodKeys.BATCH),
                OptimizerSpec.of(settings),
                settings.get(MethodKeys.GRAD_SCALE).floatValue());
    }

    // Only then is taking the scale out again exact.
    private static boolean isPowerOfTwo(float scale) {
        return scale > 0 && Float.isFinite(scale) && scale == Math.scalb(1f, Math.getExponent(scale));
    }
}
