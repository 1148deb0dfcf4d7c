package org.fednano.encoder;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.fednano.settings.JobException;
import org.fednano.weights.Digests;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.ModelFile;
import org.fednano.weights.SafeTensors;
import org.fednano.weights.TensorSource;

/**
 * An encoder that was exported as TorchScript, from a folder with {@code encoder.json}, {@code encoder.pt},
 * {@code connector.safetensors} and, for pictures, {@code preprocessor_config.json}.
 *
 * @param modality its name in {@code model.encoders}
 * @param where the folder, for messages
 * @param encoderJson text of {@code encoder.json}
 * @param preprocessorJson text of {@code preprocessor_config.json}; empty where the input is no picture
 * @param weightsDigest SHA-256 over module and connector
 */
public record TorchScriptSpec(
        String modality, String where, String encoderJson, String preprocessorJson, String weightsDigest)
        implements EncoderSpec {

    private static final long serialVersionUID = 1L;
    static final String JSON = "encoder.json";
    private static final String MODULE = "encoder.pt";
    private static final String CONNECTOR = "connector.safetensors";
    private static final String PREPROCESSOR = "preprocessor_config.json";

    /**
     * Reads a folder; its weights are read once for their digest.
     *
     * @throws JobException with status 3 if a file is missing or says something that is not supported
     */
    static TorchScriptSpec of(String modality, Path folder) {
        look(modality, folder);
        return described(
                modality,
                folder,
                Digests.ofTexts(List.of(
                        Digests.ofFile(folder.resolve(MODULE)),
                        Digests.ofTensors(source(folder).tensors()))));
    }

    /** The same without a digest: no weights are read. */
    static TorchScriptSpec look(String modality, Path folder) {
        requireFolder(modality, folder);
        TorchScriptSpec spec = described(modality, folder, "");
        required(folder, MODULE);
        required(folder, CONNECTOR);
        Connector.check(source(folder).tensors(), folder.toString());
        return spec;
    }

    private static TorchScriptSpec described(String modality, Path folder, String weightsDigest) {
        String json = text(folder, JSON);
        boolean picture = HfModelFolder.json(json, folder.resolve(JSON))
                .path("input")
                .asText("")
                .equals("image");
        TorchScriptSpec spec = new TorchScriptSpec(
                modality, folder.toString(), json, picture ? text(folder, PREPROCESSOR) : "", weightsDigest);
        spec.check();
        return spec;
    }

    /**
     * Opens a folder's module alone, which need not have a connector yet.
     *
     * @return an encoder whose answers are the module's own: its {@code hidden} is D
     * @throws JobException with status 3 if a file is missing, or the module does not answer (B, N, D)
     */
    public static ModalityEncoder openModule(String modality, Path folder, int batchSize) {
        requireFolder(modality, folder);
        TorchScriptSpec spec = described(modality, folder, "");
        ZooModel<NDList, NDList> model = spec.load(required(folder, MODULE));
        try {
            return EncoderModel.withoutConnector(
                    modality, model, MediaDecoder.of(spec), spec.tokens(), batchSize, MODULE + " in " + folder);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    /** SHA-256, in hexadecimal, over all that {@link #openModule}'s answers depend on besides batch size. */
    public static String moduleFingerprint(String modality, Path folder) {
        TorchScriptSpec spec = described(modality, folder, Digests.ofFile(required(folder, MODULE)));
        return Digests.ofTexts(spec.identity());
    }

    private static void requireFolder(String modality, Path folder) {
        if (!Files.isDirectory(folder)) {
            throw JobException.badInput("Encoder folder expected at " + folder.toAbsolutePath() + " for modality '"
                    + modality + "': found " + (Files.exists(folder) ? "a file" : "none")
                    + ". Change the setting that names it, or make the folder.");
        }
    }

    private static Path required(Path folder, String file) {
        try {
            return ModelFile.of(folder, file);
        } catch (NoSuchFileException e) {
            throw missing(folder, file, null);
        } catch (IOException e) {
            throw missing(folder, file, e);
        }
    }

    /** The folder's own weights. */
    static EncoderSource source(Path folder) {
        return new EncoderSource(SafeTensors.open(folder.resolve(CONNECTOR)), folder.resolve(MODULE));
    }

    private void check() {
        if (json().path("format").asInt(0) != 1) {
            throw wrong("format", "1");
        }
        positive("tokens");
        MediaDecoder.of(this);
    }

    private static String text(Path folder, String file) {
        try {
            return ModelFile.text(folder, file);
        } catch (IOException e) {
            throw missing(folder, file, e);
        }
    }

    private static JobException missing(Path folder, String file, IOException cause) {
        return JobException.badInput(
                "File " + file + " expected in encoder folder " + folder.toAbsolutePath() + ": "
                        + (cause == null ? "found none" : "it cannot be read (" + cause.getMessage() + ")")
                        + ". An encoder's folder holds " + JSON + ", " + MODULE + ", " + CONNECTOR
                        + " and, for pictures, " + PREPROCESSOR + "; see model.encoders.",
                cause);
    }

    /** {@code encoder.json}. */
    JsonNode json() {
        return HfModelFolder.json(encoderJson, Path.of(where, JSON));
    }

    /** N. */
    int tokens() {
        return positive("tokens");
    }

    /** A whole number from 1 in {@code encoder.json}. */
    int positive(String field) {
        int value = json().path(field).asInt(0);
        if (value < 1) {
            throw wrong(field, "a whole number from 1");
        }
        return value;
    }

    /** What to throw when a field of {@code encoder.json} is wrong. */
    JobException wrong(String field, String expected) {
        JsonNode found = json().path(field);
        return JobException.badInput("'" + field + "' in " + Path.of(where, JSON) + " must be " + expected + ": found "
                + (found.isMissingNode() ? "none" : found) + ".");
    }

    @Override
    public List<String> identity() {
        return List.of(modality, encoderJson, preprocessorJson, weightsDigest);
    }

    @Override
    public ModalityEncoder open(EncoderSource source, int batchSize) {
        ZooModel<NDList, NDList> model = load(source.module());
        try {
            return new EncoderModel(modality, model, ends(source.tensors(), model.getNDManager(), batchSize));
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    /**
     * What lies around a module that DJL has loaded from an encoder's folder.
     *
     * @param folder where the module is
     * @param owner the connector's weights are freed with it
     * @throws JobException with status 3 if a file is missing or says something that is not supported
     */
    static EncoderPrePost ends(Path folder, NDManager owner, int batchSize) {
        TorchScriptSpec spec = described("", folder, "");
        return spec.ends(SafeTensors.open(required(folder, CONNECTOR)), owner, batchSize);
    }

    private EncoderPrePost ends(TensorSource tensors, NDManager owner, int batchSize) {
        MediaDecoder input = MediaDecoder.of(this);
        Connector connector =
                new Connector(owner, tensors, json().path("activation").asText("gelu"), where);
        return new EncoderPrePost(input, connector, tokens(), batchSize, batchSize, MODULE + " in " + where);
    }

    private ZooModel<NDList, NDList> load(Path file) {
        try {
            return Criteria.builder()
                    .setTypes(NDList.class, NDList.class)
                    .optEngine("PyTorch")
                    .optDevice(Device.cpu())
                    .optModelPath(file)
                    .optTranslator(new NoopTranslator())
                    .build()
                    .loadModel();
        } catch (IOException | ModelNotFoundException | MalformedModelException | EngineException e) {
            throw EncoderModel.failure(
                    e, MODULE + " in " + where + " must be a TorchScript file (torch.jit.save) that PyTorch 2.7 reads");
        }
    }
}
