package org.fednano.llm.inspect;

import java.util.Arrays;
import java.util.Map;
import org.fednano.llm.model.DecoderTensors;
import org.fednano.llm.model.LlamaConfig;
import org.fednano.vision.VisionConfig;
import org.fednano.vision.VisionConfig.Family;
import org.fednano.vision.VisionTensors;

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
        long common = values(VisionTensors.tower(config)) + values(VisionTensors.lastNorm(config));
        return hasHead && config.family() == Family.SIGLIP ? common + values(VisionTensors.head(config)) : common;
    }

    /** LLaVA's two linear layers. */
    static long connector(VisionConfig config) {
        return values(VisionTensors.connector(config));
    }

    /** A decoder with its embedding table and, unless tied, its output layer. */
    static long llm(LlamaConfig config) {
        return values(DecoderTensors.shapes(config));
    }

    private static long values(Map<String, long[]> shapes) {
        return shapes.values().stream()
                .mapToLong(shape -> Arrays.stream(shape).reduce(1, Math::multiplyExact))
                .sum();
    }
}
