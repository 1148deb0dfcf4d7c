package org.fednano.encoder;

import java.nio.file.Path;
import org.fednano.weights.TensorSource;

/**
 * Where an encoder's weights lie while it is built: in its own folder, or in what was broadcast.
 *
 * @param tensors vision tower and projector, or the connector
 * @param module TorchScript file, read once; null for an encoder without one
 */
public record EncoderSource(TensorSource tensors, Path module) {}
