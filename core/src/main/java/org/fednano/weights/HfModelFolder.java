package org.fednano.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.fednano.digest.Sha256;
import org.fednano.settings.JobException;

/**
 * A model folder in Hugging Face layout: {@code config.json}, {@code model.safetensors} (or shards with
 * {@code model.safetensors.index.json}), {@code tokenizer.json}, {@code preprocessor_config.json}. Tensors have the names
 * of {@link CanonicalNames}. Weights stay in their files until they are asked for.
 */
public final class HfModelFolder implements TensorSource {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Path folder;
    private final JsonNode config;
    private final ModelType type;
    private final WeightFiles weights;

    private HfModelFolder(Path folder, JsonNode config, ModelType type, WeightFiles weights) {
        this.folder = folder;
        this.config = config;
        this.type = type;
        this.weights = weights;
    }

    /**
     * Opens a folder: reads its config and the headers of its weight files.
     *
     * @throws JobException with status 3 if the folder or one of its files is missing or corrupt
     */
    public static HfModelFolder open(Path folder) {
        OtherWeights.refuse(folder);
        if (!Files.isDirectory(folder)) {
            throw JobException.badInput("Model folder expected at " + folder.toAbsolutePath()
                    + ": found none. Set model.dir to a folder in Hugging Face layout.");
        }
        JsonNode config = json(readText(folder, "config.json"), folder.resolve("config.json"));
        ModelType type = ModelType.of(config, folder.toString());
        return new HfModelFolder(folder, config, type, WeightFiles.open(folder, CanonicalNames.of(type)));
    }

    /** The folder. */
    public Path folder() {
        return folder;
    }

    /** {@code config.json}. */
    public JsonNode config() {
        return config;
    }

    /** What the config describes. */
    public ModelType type() {
        return type;
    }

    /** Names of all tensors, whichever names the files have for them: those of LLaVA before transformers 4.52. */
    @Override
    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(new TreeSet<>(weights.places().keySet()));
    }

    @Override
    public long[] shape(String name) {
        WeightFiles.Place place = place(name);
        return place.file().shape(place.name());
    }

    /** Bytes that a tensor takes in its file. */
    public long storedBytes(String name) {
        WeightFiles.Place place = place(name);
        return place.file().storedBytes(place.name());
    }

    @Override
    public void read(String name, long from, FloatBuffer target) {
        WeightFiles.Place place = place(name);
        place.file().read(place.name(), from, target);
    }

    @Override
    public String origin(String name) {
        WeightFiles.Place place = weights.places().get(name);
        return place == null ? "the weights of " + folder : place.origin(name);
    }

    /** {@code generation_config.json}, if the folder has one. */
    public Optional<JsonNode> generationConfig() {
        return find("generation_config.json").map(text -> json(text, folder.resolve("generation_config.json")));
    }

    /**
     * Text of a file that a folder may have.
     *
     * @throws JobException with status 3 if it is there and cannot be read
     */
    public Optional<String> find(String file) {
        return Files.exists(folder.resolve(file)) ? Optional.of(text(file)) : Optional.empty();
    }

    /**
     * Text of a file in the folder.
     *
     * @throws JobException with status 3 if it is missing
     */
    public String text(String file) {
        return readText(folder, file);
    }

    /**
     * SHA-256 over weights, config, tokenizer and generation config where there are any, and compute dtype, in hexadecimal: what
     * an answer of the LLM depends on. One pass over the weight files.
     *
     * @param dtype compute dtype, such as {@code FP32}
     */
    public String fingerprint(String dtype) {
        try {
            MessageDigest digest = Sha256.begin();
            for (Path file : weights.files()) {
                digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
                Sha256.add(digest, file);
            }
            boolean tokenizer = Files.exists(folder.resolve("tokenizer.json")); // the LLM itself needs none
            List<String> texts =
                    new ArrayList<>(List.of(text("config.json"), tokenizer ? text("tokenizer.json") : "", dtype));
            generationConfig().ifPresent(json -> texts.add(json.toString()));
            for (String text : texts) {
                digest.update((byte) 0);
                digest.update(text.getBytes(StandardCharsets.UTF_8));
            }
            return Sha256.end(digest);
        } catch (IOException e) {
            throw JobException.badInput("Weights in " + folder + " cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Parses JSON that came from a model folder.
     *
     * @throws JobException with status 3, naming the file, if it is no JSON
     */
    public static JsonNode json(String text, Path where) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw JobException.badInput(where + " must be JSON: " + e.getOriginalMessage() + ".", e);
        }
    }

    private WeightFiles.Place place(String name) {
        WeightFiles.Place place = weights.places().get(name);
        if (place == null) {
            throw TensorSource.missing(name, origin(name), names());
        }
        return place;
    }

    static String readText(Path folder, String file) {
        try {
            return ModelFile.text(folder, file);
        } catch (IOException e) {
            throw JobException.badInput(
                    "File " + file + " expected in model folder " + folder.toAbsolutePath() + ": it cannot be read ("
                            + e.getMessage() + "). A model folder holds config.json, model.safetensors, tokenizer.json"
                            + " and preprocessor_config.json.",
                    e);
        }
    }
}
