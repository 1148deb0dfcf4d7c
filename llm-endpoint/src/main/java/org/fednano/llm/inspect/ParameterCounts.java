package org.fednano.llm.inspect;

import java.util.Arrays;
import org.fednano.encoder.VisionConfig;
import org.fednano.llm.model.DecoderTensors;
import org.fednano.llm.model.LlamaConfig;

/** Parameters of a model's parts by their shapes alone, as their checkpoints in Hugging Face layout hold them. */
final class ParameterCounts {

    private ParameterCounts() {}

    /**
     * A vision transformer. What stands in checkpoints though LLaVA does not use it counts: the norm behind the last layer,
     * and SigLIP's pooling head.
     *
     * @param hasHead whether there is such a head: {@code vision_use_head}
     */
    static long encoder(VisionConfig config, boolean hasHead) {
        long d = config.width();
        long inner = config.mlpWidth();
        long patches = 3L * config.patchSize() * config.patchSize() * d;
        long layer = 4 * linear(d, d) + linear(d, inner) + linear(inner, d) + 2 * norm(d);
        long common = patches + config.towerTokens() * d + config.layers() * layer + norm(d);
        return switch (config.family()) {
            case CLIP -> common + d + norm(d); // class token, norm before the first layer
            case SIGLIP -> common + d + (hasHead ? poolingHead(d, inner) : 0); // bias of the patches
        };
    }

    /** A probe that attends to all patches, with an MLP behind it. */
    private static long poolingHead(long d, long inner) {
        return d + 4 * linear(d, d) + norm(d) + linear(d, inner) + linear(inner, d);
    }

    /** LLaVA's two linear layers. */
    static long connector(VisionConfig config) {
        long h = config.hidden();
        long weights = config.featureWidth() * h + h * h;
        return config.projectorBias() ? weights + 2 * h : weights;
    }

    /** A decoder with its embedding table and, unless tied, its output layer. */
    static long llm(LlamaConfig config) {
        return DecoderTensors.shapes(config).values().stream()
                .mapToLong(shape -> Arrays.stream(shape).reduce(1, Math::multiplyExact))
                .sum();
    }

    private static long linear(long in, long out) {
        return in * out + out;
    }

    private static long norm(long width) {
        return 2 * width;
    }
}
