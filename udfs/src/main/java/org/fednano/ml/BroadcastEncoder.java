package org.fednano.ml;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.fednano.encoder.EncoderSource;
import org.fednano.settings.JobException;

/**
 * Weights of one encoder, broadcast in pieces, so that no array has to hold an encoder.
 *
 * @param tensors vision tower and projector, or the connector
 * @param module bytes of its TorchScript file; null for an encoder without one
 */
public record BroadcastEncoder(BroadcastTensors tensors, BroadcastBytes module) implements Serializable {

    private static final long serialVersionUID = 1L;

    /**
     * Broadcasts an encoder's weights; the driver holds a piece of them at a time.
     *
     * @throws JobException with status 3 if its module cannot be read
     */
    public static BroadcastEncoder of(JavaSparkContext spark, EncoderSource source) {
        BroadcastTensors tensors = BroadcastTensors.of(spark, source.tensors(), BroadcastBytes.PIECE);
        if (source.module() == null) {
            return new BroadcastEncoder(tensors, null);
        }
        try (InputStream module = Files.newInputStream(source.module())) {
            return new BroadcastEncoder(tensors, BroadcastBytes.of(spark, module, BroadcastBytes.PIECE));
        } catch (IOException e) {
            throw JobException.badInput(source.module() + " cannot be read: " + e.getMessage() + ".", e);
        }
    }

    /**
     * The weights as an encoder is built from them; give it to {@link #delete} then.
     *
     * @param scratch local folder for the module, which the engine reads from a file
     */
    public EncoderSource source(Path scratch) {
        try {
            Path file = module == null ? null : module.file(Files.createDirectories(scratch));
            return new EncoderSource(tensors, file);
        } catch (IOException e) {
            throw new UncheckedIOException("Writing an encoder to " + scratch + ": " + e, e);
        }
    }

    /** Deletes what {@link #source} wrote. */
    public static void delete(EncoderSource source) {
        try {
            if (source.module() != null) {
                Files.deleteIfExists(source.module());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Deleting " + source.module() + ": " + e, e);
        }
    }

    /** Takes it from all executors; no task may need it any more. */
    public void destroy() {
        tensors.bytes().destroy();
        if (module != null) {
            module.destroy();
        }
    }
}
