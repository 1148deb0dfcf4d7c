package org.fednano.encoder;

import java.util.List;
import org.fednano.sample.Medium;
import org.fednano.weights.HfModelFolder;

/**
 * The vision tower and projector of a Hugging Face model folder.
 *
 * @param configJson text of {@code config.json}
 * @param preprocessorJson text of {@code preprocessor_config.json}
 * @param weightsDigest SHA-256 over the tensors
 */
public record HfVisionSpec(String configJson, String preprocessorJson, String weightsDigest) implements EncoderSpec {

    private static final long serialVersionUID = 1L;

    /** Reads a model folder; its tensors are read once for their digest. */
    static HfVisionSpec of(HfModelFolder folder) {
        return new HfVisionSpec(
                folder.text("config.json"),
                folder.text("preprocessor_config.json"),
                Digests.ofTensors(source(folder).tensors()));
    }

    /** The folder's own weights. */
    static EncoderSource source(HfModelFolder folder) {
        return new EncoderSource(NanoEdgeSpec.tensors(folder), null);
    }

    @Override
    public String modality() {
        return Medium.IMAGE;
    }

    @Override
    public List<String> identity() {
        return List.of(preprocessorJson, weightsDigest);
    }

    @Override
    public ModalityEncoder open(EncoderSource source, int batchSize) {
        return new HfVisionEncoder(this, source.tensors(), batchSize);
    }
}
