package org.fednano.features;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.broadcast.Broadcast;
import org.fednano.encoder.EncoderSource;
import org.fednano.encoder.NanoEdge;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.ml.BroadcastEncoder;

/**
 * The broadcast frozen client part, as tasks hold it: weights in pieces, so that no array has to hold an encoder.
 *
 * @param fingerprint of the spec
 * @param batchSize media per encoder call
 * @param spec all but the weights
 * @param parts weights by modality
 */
public record EncoderHandle(
        String fingerprint, int batchSize, Broadcast<NanoEdgeSpec> spec, TreeMap<String, BroadcastEncoder> parts)
        implements Serializable {

    /** This JVM's instance in native memory. */
    public NanoEdge edge() {
        return EncoderCache.get(fingerprint, this::build);
    }

    /** A TorchScript module is read from a file, which is gone once the module is in native memory. */
    private NanoEdge build() {
        Map<String, EncoderSource> sources = new LinkedHashMap<>();
        try {
            parts.forEach((modality, part) -> sources.put(modality, part.source(ClientRuntime.scratch())));
            return new NanoEdge(spec.value(), sources);
        } finally {
            sources.values().forEach(BroadcastEncoder::delete);
        }
    }

    void destroy() {
        spec.destroy();
        parts.values().forEach(BroadcastEncoder::destroy);
    }
}
