package org.fednano.pretrain;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.List;
import org.fednano.tensor.NamedTensors;

/**
 * AdamW (Loshchilov and Hutter, 2019) on native arrays, in place. The gradient is scaled down to a norm of 1 where it is
 * larger; norms, biases and embeddings (one axis, or a table) are not decayed.
 */
final class AdamW {

    private static final float BETA1 = 0.9f;
    private static final float BETA2 = 0.98f; // shorter memory than the usual 0.999: some thousand steps in all
    private static final float EPSILON = 1e-8f;
    private static final float DECAY = 0.02f;
    private static final float MAX_NORM = 1;

    private record Slot(NDArray weight, NDArray mean, NDArray square, float decay) {}

    private final List<Slot> slots = new ArrayList<>();
    private int step;

    /** Optimises all of {@code weights}; switches their gradients on. */
    AdamW(NamedTensors weights) {
        weights.all().forEach((name, weight) -> {
            weight.setRequiresGradient(true);
            boolean decays = weight.getShape().dimension() > 1 && !name.contains("embed");
            slots.add(new Slot(
                    weight,
                    weights.manager().zeros(weight.getShape()),
                    weights.manager().zeros(weight.getShape()),
                    decays ? DECAY : 0));
        });
    }

    /** One step; the gradients are zero afterwards. Answers the gradient's norm. */
    float update(double learningRate) {
        step++;
        float corrected = (float) (learningRate * Math.sqrt(1 - Math.pow(BETA2, step)) / (1 - Math.pow(BETA1, step)));
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            List<NDArray> gradients = new ArrayList<>();
            NDList squares = new NDList();
            for (Slot slot : slots) {
                NDArray gradient = slot.weight.getGradient();
                gradients.add(gradient);
                squares.add(gradient.square().sum());
            }
            float norm = (float)
                    Math.sqrt(ai.djl.ndarray.NDArrays.stack(squares).sum().getFloat());
            float rescale = norm > MAX_NORM ? MAX_NORM / norm : 1;
            for (int i = 0; i < slots.size(); i++) {
                Slot slot = slots.get(i);
                NDArray gradient = gradients.get(i);
                slot.weight
                        .getNDArrayInternal()
                        .adamUpdate(
                                new NDList(slot.weight, gradient, slot.mean, slot.square),
                                new NDList(slot.weight),
                                (float) learningRate,
                                corrected,
                                slot.decay,
                                rescale,
                                -1,
                                BETA1,
                                BETA2,
                                EPSILON,
                                true,
                                true);
                gradient.muli(0);
            }
            return norm;
        }
    }
}
