package org.fednano.encoder;

import ai.djl.Device;
import ai.djl.Model;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.fednano.image.PreprocessorConfig;
import org.fednano.sample.Medium;
import org.fednano.settings.JobException;
import org.fednano.tensor.NamedTensors;
import org.fednano.vision.VisionConfig;
import org.fednano.vision.VisionTensors;
import org.fednano.vision.VisionTower;
import org.fednano.vision.VisionTowerBlock;
import org.fednano.weights.Digests;
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
    private static final String PREPROCESSOR = "preprocessor_config.json";
    private static final String PROCESSOR = "processor_config.json";

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

    /**
     * Text of the file that holds the image processor. Version 5 of transformers keeps it in {@code processor_config.json};
     * where both files are, they must say the same, since its versions take one or the other.
     */
    private static String preprocessor(HfModelFolder folder) {
        Optional<String> own = folder.find(PREPROCESSOR);
        Optional<String> merged = folder.find(PROCESSOR)
                .filter(text -> HfModelFolder.json(text, folder.folder().resolve(PROCESSOR))
                        .path("image_processor")
                        .isObject());
        if (own.isEmpty() && merged.isEmpty()) {
            throw JobException.badInput(
                    "Model folder " + folder.folder() + " must say how its vision tower wants pictures:"
                            + " expected " + PREPROCESSOR + ", or " + PROCESSOR
                            + " with an image_processor, found neither. Copy"
                            + " the model's " + PREPROCESSOR + " or " + PROCESSOR + " into the folder.");
        }
        if (own.isPresent() && merged.isPresent() && !config(own.get()).equals(config(merged.get()))) {
            throw JobException.badInput(PREPROCESSOR + " and the image_processor in " + PROCESSOR + " of "
                    + folder.folder() + " must ask for the same: found " + config(own.get()) + " and "
                    + config(merged.get()) + ". Remove the older one; transformers 5 takes " + PROCESSOR + ".");
        }
        return own.or(() -> merged).orElseThrow();
    }

    /** Version 5 of transformers has one name for the processor on arrays and the fast one. */
    private static PreprocessorConfig config(String text) {
        String name = text.replace("ImageProcessorFast\"", "ImageProcessor\"");
        return PreprocessorConfig.of(HfModelFolder.json(name, Path.of(PREPROCESSOR)));
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
        MediaDecoder input = new MediaDecoder.ImageInput(
                HfModelFolder.json(preprocessorJson, Path.of(PREPROCESSOR)), config.imageSize());
        Model model = Model.newInstance("vision tower", Device.cpu(), "PyTorch");
        try {
            NamedTensors tower = part(model, source, VisionTower.TOWER);
            NamedTensors projector = part(model, source, VisionTower.PROJECTOR);
            int slice = Math.toIntExact(new VisionTower(config, tower).slice(batchSize));
            model.setBlock(new VisionTowerBlock(config, tower, slice));
            EncoderPrePost ends = new EncoderPrePost(
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

    private static NamedTensors part(Model model, EncoderSource source, String prefix) {
        List<String> names = source.tensors().names().stream()
                .filter(name -> name.startsWith(prefix))
                .toList();
        return new NamedTensors(model.getNDManager(), source.tensors(), names);
    }
}
