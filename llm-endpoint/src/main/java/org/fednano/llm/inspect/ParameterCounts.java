package org.fednano.llm.inspect;

import java.util.Arrays;
import org.fednano.encoder.VisionConfig;
import org.fednano.llm.model.DecoderTensors;
import org.fednano.llm.model.LlamaConfig;

/** Parameters of a model's parts by their shapes alone, as their checkpoints in Hugging Face layout hold them. */
final class ParameterCounts {

    private ParameterCounts() {}

    /** A CLIP vision transformer; the norm behind the last layer counts, though LLaVA does not use it. */
    static long encoder(VisionConfig config) {
        long d = config.width();
        long inner = config.mlpWidth();
        long embeddings = d + 3L * config.patchSize() * config.patchSize() * d + (config.patches() + 1L) * d;
        long layer = 4 * linear(d, d) + linear(d, inner) + linear(inner, d) + 2 * norm(d);
        return embeddings + 2 * norm(d) + config.layers() * layer;
    }

    /** LLaVA's two linear layers. */
    static long connector(VisionConfig config) {
        return linear(config.width(), config.hidden()) + linear(config.hidden(), config.hidden());
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
