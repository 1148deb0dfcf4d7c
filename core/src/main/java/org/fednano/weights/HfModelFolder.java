package org.fednano.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.fednano.settings.JobException;

/**
 * A model folder in Hugging Face layout: {@code config.json}, {@code model.safetensors} (or shards with
 * {@code model.safetensors.index.json}), {@code tokenizer.json}, {@code preprocessor_config.json}. Weights stay in their
 * files until they are asked for.
 */
public final class HfModelFolder implements TensorSource {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Path folder;
    private final JsonNode config;
    private final List<Path> weightFiles;
    private final TreeMap<String, SafeTensors> fileOf;

    private HfModelFolder(Path folder, JsonNode config, List<Path> weightFiles, TreeMap<String, SafeTensors> fileOf) {
        this.folder = folder;
        this.config = config;
        this.weightFiles = weightFiles;
        this.fileOf = fileOf;
    }

    /**
     * Opens a folder: reads its config and the headers of its weight files.
     *
     * @throws JobException with status 3 if the folder or one of its files is missing or corrupt
     */
    public static HfModelFolder open(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw JobException.badInput("Model folder expected at " + folder.toAbsolutePath()
                    + ": found none. Set model.dir to a folder in Hugging Face layout.");
        }
        JsonNode config = json(readText(folder, "config.json"), folder.resolve("config.json"));
        TreeMap<String, SafeTensors> fileOf = new TreeMap<>();
        List<Path> files = new ArrayList<>();
        Path single = folder.resolve("model.safetensors");
        Path index = folder.resolve("model.safetensors.index.json");
        if (Files.exists(single) || !Files.exists(index)) {
            files.add(single);
            SafeTensors weights = SafeTensors.open(single);
            weights.names().forEach(name -> fileOf.put(name, weights));
        } else {
            JsonNode map = json(readText(folder, index.getFileName().toString()), index)
                    .path("weight_map");
            Map<String, SafeTensors> opened = new LinkedHashMap<>();
            Set<String> names = new TreeSet<>();
            map.forEach(node -> names.add(node.asText()));
            for (String name : names) {
                if (!name.matches("[A-Za-z0-9._-]+\\.safetensors")) {
                    throw JobException.badInput(index + " must name .safetensors files in its own folder: found '"
                            + name + "'. Copy the model again.");
                }
                Path file = folder.resolve(name);
                files.add(file);
                opened.put(name, SafeTensors.open(file));
            }
            map.fields()
                    .forEachRemaining(
                            e -> fileOf.put(e.getKey(), opened.get(e.getValue().asText())));
        }
        return new HfModelFolder(folder, config, List.copyOf(files), fileOf);
    }

    /** The folder. */
    public Path folder() {
        return folder;
    }

    /** {@code config.json}. */
    public JsonNode config() {
        return config;
    }

    @Override
    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(fileOf.navigableKeySet());
    }

    @Override
    public long[] shape(String name) {
        return file(name).shape(name);
    }

    /** Bytes that a tensor takes in its file. */
    public long storedBytes(String name) {
        return file(name).storedBytes(name);
    }

    @Override
    public void read(String name, long from, FloatBuffer target) {
        file(name).read(name, from, target);
    }

    @Override
    public String origin(String name) {
        SafeTensors file = fileOf.get(name);
        return file == null ? "the weights of " + folder : file.origin(name);
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
     * SHA-256 over weights, config, tokenizer and compute dtype, in hexadecimal: what an answer of the LLM depends on.
     *
     * @param dtype compute dtype, such as {@code FP32}
     */
    public String fingerprint(String dtype) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Path file : weightFiles) {
                digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
                try (InputStream in = Files.newInputStream(file)) {
                    byte[] buffer = new byte[1 << 16];
                    for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                        digest.update(buffer, 0, n);
                    }
                }
            }
            for (String text : List.of(text("config.json"), text("tokenizer.json"), dtype)) {
                digest.update((byte) 0);
                digest.update(text.getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
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

    private SafeTensors file(String name) {
        SafeTensors file = fileOf.get(name);
        if (file == null) {
            throw TensorSource.missing(name, origin(name), names());
        }
        return file;
    }

    private static String readText(Path folder, String file) {
        try {
            return Files.readString(folder.resolve(file));
        } catch (IOException e) {
            throw JobException.badInput(
                    "File " + file + " expected in model folder " + folder.toAbsolutePath() + ": it cannot be read ("
                            + e.getMessage() + "). A model folder holds config.json, model.safetensors, tokenizer.json"
                            + " and preprocessor_config.json.",
                    e);
        }
    }
}
