package org.fednano.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.fednano.sample.Medium;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.TensorSource;

/** Pictures by a Hugging Face model's own preprocessing, vision tower and projector. */
final class HfVisionEncoder implements ModalityEncoder {

    private final VisionConfig config;
    private final ImagePreprocessor preprocessor;
    private final NamedArrays weights;
    private final VisionTower tower;
    private final int batchSize; // B

    HfVisionEncoder(HfVisionSpec spec, TensorSource tensors, int batchSize) {
        config = VisionConfig.of(HfModelFolder.json(spec.configJson(), Path.of("config.json")));
        preprocessor = new ImagePreprocessor(
                HfModelFolder.json(spec.preprocessorJson(), Path.of("preprocessor_config.json")), config.imageSize());
        this.batchSize = batchSize;
        weights = new NamedArrays(tensors);
        tower = new VisionTower(config, weights);
    }

    @Override
    public String modality() {
        return Medium.IMAGE;
    }

    @Override
    public int tokens() {
        return config.imageTokens();
    }

    @Override
    public int hidden() {
        return config.hidden();
    }

    @Override
    public int inputSize() {
        return 3 * config.imageSize() * config.imageSize();
    }

    @Override
    public void prepare(byte[] file, String where, float[] inputs, int offset) {
        byte[] rgb = preprocessor.crop(RgbImage.decode(file, where)).rgb();
        preprocessor.normalise(rgb, inputs, offset);
    }

    @Override
    public float[] encode(float[] inputs, int count) {
        int side = config.imageSize();
        int slice = (int) tower.slice(batchSize);
        int pictures = (count + slice - 1) / slice * slice; // a slice's bits do not depend on the slices behind it
        // The scope frees what operations on weights attach to the weights' own manager.
        try (NDManager manager = weights.manager().newSubManager();
                NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            FloatBuffer wanted = FloatBuffer.wrap(inputs, 0, pictures * inputSize());
            NDArray batch = manager.create(wanted, new Shape(pictures, 3, side, side));
            return tower.imageEmbeddings(batch, slice).toFloatArray();
        }
    }

    @Override
    public int nativeArrays() {
        return weights.manager().getManagedArrays().size();
    }

    @Override
    public void close() {
        weights.close();
    }
}
