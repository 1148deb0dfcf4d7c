package org.fednano.encoder;

import java.io.Serializable;
import java.util.List;

/** All of a modality's encoder but its weights: small, and the same for every client. */
public sealed interface EncoderSpec extends Serializable permits HfVisionSpec, TorchScriptSpec {

    /** Name of the modality: of its adapter's tensors, of its media, and in {@code adapter.modalities}. */
    String modality();

    /** All that its features depend on besides batch size, as texts for a fingerprint; weights by their SHA-256. */
    List<String> identity();

    /**
     * Builds the encoder.
     *
     * @param source its weights, copied into native memory
     * @param batchSize B: media per call
     * @throws org.fednano.settings.JobException with status 3 if weights and spec do not fit together
     */
    ModalityEncoder open(EncoderSource source, int batchSize);
}
