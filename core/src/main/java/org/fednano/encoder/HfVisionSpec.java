package org.fednano.encoder;

import ai.djl.Device;
import ai.djl.Model;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fednano.sample.Medium;
import org.fednano.settings.JobException;
import org.fednano.weights.HfModelFolder;

/**
 * The vision tower and projector of a Hugging Face model folder.
 *
 * @param configJson text of {@code config.json}
 * @param preprocessorJson text of {@code preprocessor_config.json}, or of the {@code processor_config.json} that holds it
 * @param weightsDigest SHA-256 over the tensors
 */
public record HfVisionSpec(String configJson, String preprocessorJson, String weightsDigest) implements EncoderSpec {

    private static final long serialVersionUID = 1L;

    /**
     * Reads a model folder; its tensors are read once for their digest.
     *
     * @throws JobException with status 3 if its weights do not belong to its config
     */
    static HfVisionSpec of(HfModelFolder folder) {
        VisionTensors.require(VisionConfig.of(folder.config()), folder);
        return new HfVisionSpec(
                folder.text("config.json"),
                preprocessor(folder),
                Digests.ofTensors(source(folder).tensors()));
    }

    /** Version 5 of transformers keeps it in {@code processor_config.json}; where both are, they say the same. */
    private static String preprocessor(HfModelFolder folder) {
        String own = "preprocessor_config.json";
        Path merged = folder.folder().resolve("processor_config.json");
        if (Files.exists(folder.folder().resolve(own)) || !Files.exists(merged)) {
            return folder.text(own);
        }
        String text = folder.text("processor_config.json");
        if (!HfModelFolder.json(text, merged).path("image_processor").isObject()) {
            throw JobException.badInput(merged + " must hold an image_processor where there is no " + own
                    + ": found none. Copy the model's " + own + " into the folder.");
        }
        return text;
    }

    /** The folder's own weights. */
    static EncoderSource source(HfModelFolder folder) {
        return new EncoderSource(VisionTensors.of(VisionConfig.of(folder.config()), folder), null);
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
        VisionConfig config = VisionConfig.of(HfModelFolder.json(configJson, Path.of("config.json")));
        MediumInput input = new MediumInput.ImageInput(
                HfModelFolder.json(preprocessorJson, Path.of("preprocessor_config.json")), config.imageSize());
        Model model = Model.newInstance("vision tower", Device.cpu(), "PyTorch");
        try {
            NamedArrays tower = part(model, source, VisionTower.TOWER);
            NamedArrays projector = part(model, source, VisionTower.PROJECTOR);
            int slice = Math.toIntExact(new VisionTower(config, tower).slice(batchSize));
            model.setBlock(new VisionTowerBlock(config, tower, slice));
            EncoderEnds ends = new EncoderEnds(
                    input,
                    new LlavaConnector(config, projector),
                    config.imageTokens(),
                    batchSize,
                    slice,
                    "The vision tower");
            return new EncoderModel(modality(), model, ends);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private static NamedArrays part(Model model, EncoderSource source, String prefix) {
        List<String> names = source.tensors().names().stream()
                .filter(name -> name.startsWith(prefix))
                .toList();
        return new NamedArrays(model.getNDManager(), source.tensors(), names);
    }
}
