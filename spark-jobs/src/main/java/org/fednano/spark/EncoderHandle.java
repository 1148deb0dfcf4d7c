package org.fednano.spark;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.broadcast.Broadcast;
import org.fednano.encoder.NanoEdge;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.TensorSource;

/**
 * The broadcast frozen client part, as tasks hold it: one broadcast per tensor, so that no single array has to hold an
 * encoder.
 *
 * @param fingerprint of the spec
 * @param batchSize pictures per encoder call
 * @param spec all but the weights
 * @param tensors weights by name
 */
record EncoderHandle(
        String fingerprint,
        int batchSize,
        Broadcast<NanoEdgeSpec> spec,
        TreeMap<String, Broadcast<FloatTensor>> tensors)
        implements Serializable {

    /** This JVM's instance in native memory. */
    NanoEdge edge() {
        return EncoderCache.get(fingerprint, () -> {
            Map<String, FloatTensor> values = new TreeMap<>();
            tensors.forEach((name, tensor) -> values.put(name, tensor.value()));
            return new NanoEdge(spec.value(), TensorSource.of(values));
        });
    }
}
