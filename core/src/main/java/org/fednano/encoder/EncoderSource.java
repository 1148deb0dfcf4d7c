package org.fednano.encoder;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.fednano.vision.VisionTower;
import org.fednano.weights.TensorSource;

/**
 * Where an encoder's weights lie while it is built: in its own folder, or in what was broadcast.
 *
 * @param tensors vision tower and projector, or the connector
 * @param module TorchScript file, read once; null for an encoder without one
 */
public record EncoderSource(TensorSource tensors, Path module) {

    /** H: what its connector gives. */
    public long hidden() {
        String last = Stream.of(VisionTower.PROJECTOR + "linear_2.weight", "linear_2.weight")
                .filter(tensors.names()::contains)
                .findFirst()
                .orElse("linear.weight");
        return tensors.shape(last)[0]; // (H, ·)
    }
}
