package org.fednano.align;

import org.fednano.encoder.connector.StepSize;
import org.fednano.optimizer.OptimizerSpec;
import org.fednano.settings.AlignKeys;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.Settings;

/**
 * How a connector is trained.
 *
 * @param steps optimiser steps in all
 * @param batch samples per step
 * @param stepSize of each step
 * @param optimizer AdamW's other numbers
 * @param maxNorm norm to which a larger gradient is scaled down
 * @param checkEvery steps between validations
 * @param patience validations without a lower loss before it ends; 0: never
 * @param seed of everything random
 * @param gradScale power of two that multiplies the endpoint's gradients
 */
record AlignPlan(
        int steps,
        int batch,
        StepSize stepSize,
        OptimizerSpec optimizer,
        double maxNorm,
        int checkEvery,
        int patience,
        long seed,
        float gradScale) {

    static AlignPlan of(Settings settings) {
        double rate = settings.get(AlignKeys.LEARNING_RATE);
        int steps = settings.get(AlignKeys.STEPS);
        return new AlignPlan(
                steps,
                settings.get(AlignKeys.BATCH),
                new StepSize(rate, steps, settings.get(AlignKeys.WARMUP)),
                new OptimizerSpec("adamw", rate, 0.9, 0.999, 1e-8, settings.get(AlignKeys.WEIGHT_DECAY), 0),
                settings.get(AlignKeys.MAX_NORM),
                settings.get(AlignKeys.CHECK_EVERY),
                settings.get(AlignKeys.PATIENCE),
                settings.get(AlignKeys.SEED),
                settings.get(MethodKeys.GRAD_SCALE).floatValue());
    }
}
