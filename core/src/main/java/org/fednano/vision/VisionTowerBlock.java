package org.fednano.vision;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.fednano.tensor.NamedTensors;

/** The vision tower of a Hugging Face folder as a DJL block, with frozen weights: (B, 3, S, S) in, (B, N, D) out. */
public final class VisionTowerBlock extends AbstractBlock {

    private final VisionConfig config;
    private final VisionTower tower;
    private final int slice;

    /**
     * @param weights tensors with the prefix {@link VisionTower#TOWER}; not closed here
     * @param slice pictures that go through the tower at once; divides B
     */
    public VisionTowerBlock(VisionConfig config, NamedTensors weights, int slice) {
        this.config = config;
        this.slice = slice;
        tower = new VisionTower(config, weights);
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameters, NDList inputs, boolean training, PairList<String, Object> options) {
        NDArray pixels = inputs.singletonOrThrow();
        return new NDList(VisionTower.inSlices(pixels, slice, tower::features));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
        return new Shape[] {new Shape(inputs[0].get(0), config.imageTokens(), config.featureWidth())};
    }
}
