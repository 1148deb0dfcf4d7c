package org.fednano.llm.inspect;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.fednano.adapter.AdapterLayout;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.encoder.NanoEdgeSpec.Further;
import org.fednano.encoder.VisionConfig;
import org.fednano.encoder.VisionTower;
import org.fednano.llm.inspect.Part.Holder;
import org.fednano.llm.model.LlamaConfig;
import org.fednano.llm.model.LlamaDecoder;
import org.fednano.sample.Medium;
import org.fednano.sample.PromptFeatures;
import org.fednano.settings.JobException;
import org.fednano.weights.HfModelFolder;

/**
 * A model as FedNano splits it: encoder and connector at each client, the language model at the server.
 *
 * @param name folder or file
 * @param source what was counted: {@code weights} or {@code config}
 * @param parts encoder, connector, language model
 * @param hidden H
 * @param vocabulary rows of the token-embedding table
 * @param tokens prompt tokens of one medium by modality
 */
record SplitModel(
        String name, String source, List<Part> parts, int hidden, int vocabulary, SortedMap<String, Integer> tokens) {

    /**
     * Counts a model folder's tensors, or, where there are no weights, what its config implies.
     *
     * @param path a model folder or a config file
     * @param further encoders of {@code model.encoders}
     * @throws JobException with status 3 if there is none, or it is of a family that is not read
     */
    static SplitModel of(Path path, List<Further> further) {
        Path file = Files.isDirectory(path) ? path.resolve("config.json") : path;
        JsonNode config = config(file);
        JsonNode read = OriginalLlava.is(config) ? OriginalLlava.converted(config) : config;
        requireModel(read, file);
        boolean weights = Files.isDirectory(path) && hasWeights(path);
        LlamaConfig text = LlamaConfig.of(read);
        SortedMap<String, Integer> tokens = new TreeMap<>();
        List<Part> parts = new ArrayList<>();
        if (isLlava(read) && further.stream().noneMatch(f -> f.modality().equals(Medium.IMAGE))) {
            VisionConfig vision = VisionConfig.of(read);
            tokens.put(Medium.IMAGE, vision.imageTokens());
            parts.addAll(weights ? visionOf(HfModelFolder.open(path)) : visionOf(vision, read));
        }
        for (Further encoder : further) {
            tokens.put(encoder.modality(), encoder.tokens());
            parts.addAll(FurtherParts.of(encoder));
        }
        // A client's own folder may hold no decoder: its config still says what the server holds.
        Part llm = weights
                ? counted("language model", Holder.SERVER, HfModelFolder.open(path), LlamaDecoder.PREFIX)
                : part("language model", Holder.SERVER, 0, 0);
        parts.add(
                llm.parameters() > 0
                        ? llm
                        : part("language model", Holder.SERVER, ParameterCounts.llm(text), bytesPerValue(read)));
        return new SplitModel(
                String.valueOf(path.toAbsolutePath().normalize().getFileName()),
                weights ? "weights" : "config",
                List.copyOf(parts),
                text.hidden(),
                text.vocabulary(),
                tokens);
    }

    private static List<Part> visionOf(HfModelFolder folder) {
        return List.of(
                counted("encoder", Holder.CLIENT, folder, VisionTower.TOWER),
                counted("connector", Holder.CLIENT, folder, VisionTower.PROJECTOR));
    }

    private static List<Part> visionOf(VisionConfig vision, JsonNode config) {
        int bytesPerValue = bytesPerValue(config);
        boolean hasHead = config.path("vision_config").path("vision_use_head").asBoolean(true);
        return List.of(
                part("encoder", Holder.CLIENT, ParameterCounts.encoder(vision, hasHead), bytesPerValue),
                part("connector", Holder.CLIENT, ParameterCounts.connector(vision), bytesPerValue));
    }

    private static boolean isLlava(JsonNode config) {
        return config.path("model_type").asText().equals("llava");
    }

    /** Absent fields have defaults, so that any JSON would read as a model of 7 B parameters. */
    private static void requireModel(JsonNode config, Path file) {
        if (config.path("model_type").asText("").isEmpty()) {
            throw JobException.badInput(
                    file + " must be a model's config with a model_type: found none. Name a folder in"
                            + " Hugging Face layout, or its config.json.");
        }
        for (String part : List.of("text_config", "vision_config")) {
            if (config.has(part) && !config.path(part).isObject()) {
                throw JobException.badInput(
                        part + " in " + file + " must be an object: found " + config.path(part) + ".");
            }
        }
    }

    private static boolean hasWeights(Path folder) {
        return Files.exists(folder.resolve("model.safetensors"))
                || Files.exists(folder.resolve("model.safetensors.index.json"));
    }

    private static JsonNode config(Path file) {
        try {
            return HfModelFolder.json(Files.readString(file), file);
        } catch (IOException e) {
            throw JobException.badInput(
                    "A model folder or a config.json expected at " + file + ": it cannot be read (" + e.getMessage()
                            + "). Name a folder in Hugging Face layout, or its config alone.",
                    e);
        }
    }

    private static Part part(String name, Holder holder, long parameters, int bytesPerValue) {
        return new Part(name, holder, parameters, parameters * bytesPerValue);
    }

    private static Part counted(String name, Holder holder, HfModelFolder folder, String prefix) {
        long parameters = 0;
        long bytes = 0;
        for (String tensor : folder.names()) {
            if (tensor.startsWith(prefix)) {
                parameters += folder.size(tensor);
                bytes += folder.storedBytes(tensor);
            }
        }
        return new Part(name, holder, parameters, bytes);
    }

    /** Bytes that the config's {@code dtype} takes; {@code torch_dtype} before transformers 4.56. */
    private static int bytesPerValue(JsonNode config) {
        String type = text(config, text(config.path("text_config"), "float32"));
        return switch (type) {
            case "float16", "bfloat16" -> 2;
            case "float32" -> 4;
            default -> throw JobException.badInput(
                    "dtype in config.json must be float32, float16 or bfloat16: found '" + type + "'.");
        };
    }

    private static String text(JsonNode config, String absent) {
        return config.path("dtype").asText(config.path("torch_dtype").asText(absent));
    }

    /** Tokens of a picture; 0 for a model without pictures. */
    int imageTokens() {
        return tokens.getOrDefault(Medium.IMAGE, 0);
    }

    /** Modalities that can have a NanoAdapter, with text, as {@link AdapterLayout} numbers them. */
    Map<String, Byte> modalities() {
        Map<String, Byte> modalities = new LinkedHashMap<>();
        if (tokens.containsKey(Medium.IMAGE)) {
            modalities.put(Medium.IMAGE, PromptFeatures.IMAGE);
        }
        modalities.put(NanoEdgeSpec.TEXT, PromptFeatures.TEXT);
        byte next = PromptFeatures.TEXT + 1;
        for (String modality : tokens.keySet()) {
            if (!modality.equals(Medium.IMAGE)) {
                modalities.put(modality, next++);
            }
        }
        return modalities;
    }

    /** Parameters of the whole model. */
    long parameters() {
        return parts.stream().mapToLong(Part::parameters).sum();
    }

    /** Parameters that one side holds. */
    long parameters(Holder holder) {
        return parts.stream()
                .filter(p -> p.holder() == holder)
                .mapToLong(Part::parameters)
                .sum();
    }

    /** Bytes of the whole model as stored. */
    long storedBytes() {
        return parts.stream().mapToLong(Part::storedBytes).sum();
    }
}
