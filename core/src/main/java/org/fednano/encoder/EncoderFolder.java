package org.fednano.encoder;

import java.nio.file.Files;
import java.nio.file.Path;
import org.fednano.weights.HfModelFolder;

/**
 * One encoder from a folder of its own, without prompt and tokenizer.
 *
 * @param spec all but the weights
 * @param source where the weights lie
 */
public record EncoderFolder(EncoderSpec spec, EncoderSource source) {

    /**
     * Reads a folder; its weights are read once for their digest.
     *
     * @param folder a model folder in Hugging Face layout with a vision tower, or one with {@code encoder.json} and a
     *     TorchScript module
     * @throws org.fednano.settings.JobException with status 3 if a file is missing, corrupt, or says what is not supported
     */
    public static EncoderFolder open(Path folder) {
        if (Files.exists(folder.resolve(TorchScriptSpec.JSON))) {
            return new EncoderFolder(TorchScriptSpec.of("medium", folder), TorchScriptSpec.source(folder));
        }
        HfModelFolder model = HfModelFolder.open(folder);
        return new EncoderFolder(HfVisionSpec.of(model), HfVisionSpec.source(model));
    }
}
