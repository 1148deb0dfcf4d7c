package org.fednano.optimizer;

import java.io.Serializable;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;

/**
 * Which optimiser, with its numbers; those of the other one are ignored.
 *
 * @param name {@code adamw} or {@code sgd}
 * @param learningRate step size
 * @param beta1 AdamW's decay of the first moment
 * @param beta2 AdamW's decay of the second moment
 * @param epsilon added to AdamW's denominator
 * @param weightDecay decoupled for AdamW, added to the gradient for SGD
 * @param momentum SGD's momentum
 */
public record OptimizerSpec(
        String name,
        double learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        double momentum)
        implements Serializable {

    /** From settings. */
    public static OptimizerSpec of(Settings settings) {
        return new OptimizerSpec(
                settings.get(MethodKeys.OPTIMIZER),
                settings.get(MethodKeys.LEARNING_RATE),
                settings.get(MethodKeys.BETA1),
                settings.get(MethodKeys.BETA2),
                settings.get(MethodKeys.EPSILON),
                settings.get(MethodKeys.WEIGHT_DECAY),
                settings.get(MethodKeys.MOMENTUM));
    }

    /** The optimiser with empty state, for vectors of {@code size} values. */
    public Optimizer fresh(int size) {
        return switch (name) {
            case "adamw" -> new AdamW(this, size);
            case "sgd" -> new Sgd(this, size);
            default -> throw new IllegalArgumentException("Expected adamw or sgd: got " + name);
        };
    }
}
