package org.fednano.llm.inspect;

import org.fednano.encoder.VisionConfig;
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
        long h = config.hidden();
        long queries = (long) config.heads() * config.headWidth();
        long keys = (long) config.keyValueHeads() * config.headWidth();
        long attention = 2 * h * queries + 2 * h * keys;
        long layer = attention + 3 * h * config.intermediate() + 2 * h;
        long table = h * config.vocabulary();
        return config.layers() * layer + h + table * (config.tied() ? 1 : 2);
    }

    private static long linear(long in, long out) {
        return in * out + out;
    }

    private static long norm(long width) {
        return 2 * width;
    }
}
