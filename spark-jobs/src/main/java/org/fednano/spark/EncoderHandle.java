package org.fednano.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.broadcast.Broadcast;
import org.fednano.encoder.EncoderSource;
import org.fednano.encoder.NanoEdge;
import org.fednano.encoder.NanoEdgeSpec;

/**
 * The broadcast frozen client part, as tasks hold it: weights in pieces, so that no array has to hold an encoder.
 *
 * @param fingerprint of the spec
 * @param batchSize media per encoder call
 * @param spec all but the weights
 * @param parts weights by modality
 */
record EncoderHandle(String fingerprint, int batchSize, Broadcast<NanoEdgeSpec> spec, TreeMap<String, Part> parts)
        implements Serializable {

    /**
     * Weights of one encoder.
     *
     * @param module bytes of its TorchScript file; null for an encoder without one
     */
    record Part(BroadcastTensors tensors, BroadcastBytes module) implements Serializable {}

    /** This JVM's instance in native memory. */
    NanoEdge edge() {
        return EncoderCache.get(fingerprint, this::build);
    }

    /** A TorchScript module is read from a file, which is gone once the module is in native memory. */
    private NanoEdge build() {
        Map<String, EncoderSource> sources = new LinkedHashMap<>();
        try {
            for (Map.Entry<String, Part> e : parts.entrySet()) {
                BroadcastBytes module = e.getValue().module;
                Path file = module == null ? null : module.file(Files.createDirectories(ClientAccess.scratch()));
                sources.put(e.getKey(), new EncoderSource(e.getValue().tensors, file));
            }
            return new NanoEdge(spec.value(), sources);
        } catch (IOException e) {
            throw new UncheckedIOException("Writing an encoder to " + ClientAccess.scratch() + ": " + e, e);
        } finally {
            sources.values().forEach(source -> delete(source.module()));
        }
    }

    private static void delete(Path file) {
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Deleting " + file + ": " + e, e);
        }
    }

    void destroy() {
        spec.destroy();
        for (Part part : parts.values()) {
            part.tensors.bytes().destroy();
            if (part.module != null) {
                part.module.destroy();
            }
        }
    }
}
