package org.fednano.algorithm;

import java.io.Serializable;
import org.fednano.optimizer.OptimizerSpec;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;

/**
 * How a client trains in a round.
 *
 * @param epochs E
 * @param batchSize samples per step
 * @param optimizer which, with its numbers
 * @param gradScale power of two that multiplies the endpoint's gradients
 * @param featureUses in how many steps of the whole run a row's features can be expected, at least; {@link Wire#AUTO}
 *     decides by it, and nothing else
 */
public record LocalTraining(int epochs, int batchSize, OptimizerSpec optimizer, float gradScale, int featureUses)
        implements Serializable {

    public LocalTraining {
        if (epochs < 1 || batchSize < 1 || featureUses < 1 || !isPowerOfTwo(gradScale)) {
            throw new IllegalArgumentException(
                    "Local training needs epochs >= 1, a batch size >= 1, feature uses >= 1 and a gradient scale that is a power of two: got "
                            + epochs + ", " + batchSize + ", " + featureUses + ", " + gradScale);
        }
    }

    /**
     * From settings.
     *
     * @param clients of the run
     */
    public static LocalTraining of(Settings settings, int clients) {
        int epochs = settings.get(MethodKeys.EPOCHS);
        return new LocalTraining(
                epochs,
                settings.get(MethodKeys.BATCH),
                OptimizerSpec.of(settings),
                settings.get(MethodKeys.GRAD_SCALE).floatValue(),
                (int) Math.min(Integer.MAX_VALUE, epochs * Math.max(1, roundsOfAClient(settings, clients))));
    }

    /** As many as the run's rounds have places for each client, begun anew or not: a decision must not change in between. */
    private static long roundsOfAClient(Settings settings, int clients) {
        int cohort = settings.get(RunKeys.COHORT);
        long rounds = settings.get(RunKeys.ROUNDS);
        return cohort == 0 || cohort >= clients ? rounds : rounds * cohort / clients;
    }

    // Only then is taking the scale out again exact.
    private static boolean isPowerOfTwo(float scale) {
        return scale > 0 && Float.isFinite(scale) && scale == Math.scalb(1f, Math.getExponent(scale));
    }
}
