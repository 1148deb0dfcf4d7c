package org.fednano.algorithm;

import java.io.Serializable;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;

/**
 * How a client trains in a round.
 *
 * @param epochs E
 * @param batchSize samples per step
 * @param optimizer which, with its numbers
 * @param fisher which Fisher estimate is uploaded
 * @param fisherSamples samples of the extra Fisher pass; 0: all
 * @param gradScale power of two that multiplies the endpoint's gradients
 */
public record LocalTraining(
        int epochs, int batchSize, OptimizerSpec optimizer, FisherKind fisher, int fisherSamples, float gradScale)
        implements Serializable {

    /** Optimiser and its numbers; those of the other optimiser are ignored. */
    public record OptimizerSpec(
            String name,
            double learningRate,
            double beta1,
            double beta2,
            double epsilon,
            double weightDecay,
            double momentum)
            implements Serializable {}

    /** Which diagonal Fisher a client uploads. */
    public enum FisherKind {
        /** None: plain averaging. */
        NONE,
        /** One extra pass at θ_k. */
        EXACT,
        /** Squares collected during the last local epoch. */
        LAST_EPOCH
    }

    /** From settings, with what the strategy asks of clients. */
    public static LocalTraining of(Settings settings, Strategy strategy) {
        return new LocalTraining(
                settings.get(MethodKeys.EPOCHS),
                settings.get(MethodKeys.BATCH),
                new OptimizerSpec(
                        settings.get(MethodKeys.OPTIMIZER),
                        settings.get(MethodKeys.LEARNING_RATE),
                        settings.get(MethodKeys.BETA1),
                        settings.get(MethodKeys.BETA2),
                        settings.get(MethodKeys.EPSILON),
                        settings.get(MethodKeys.WEIGHT_DECAY),
                        settings.get(MethodKeys.MOMENTUM)),
                strategy.fisher(),
                settings.get(MethodKeys.FISHER_SAMPLES),
                settings.get(MethodKeys.GRAD_SCALE).floatValue());
    }
}
