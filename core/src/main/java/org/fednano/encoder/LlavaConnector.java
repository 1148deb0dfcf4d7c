package org.fednano.encoder;

import ai.djl.ndarray.NDArray;
import org.fednano.tensor.NamedTensors;
import org.fednano.vision.VisionConfig;
import org.fednano.vision.VisionTower;

/**
 * LLaVA's own two layers.
 *
 * @param config shapes
 * @param weights tensors with the prefix {@link VisionTower#PROJECTOR}
 */
record LlavaConnector(VisionConfig config, NamedTensors weights) implements FrozenConnector {

    @Override
    public int width() {
        return Math.toIntExact(config.featureWidth());
    }

    @Override
    public int hidden() {
        return config.hidden();
    }

    @Override
    public NDArray project(NDArray features) {
        return new VisionTower(config, weights).project(features);
    }
}
