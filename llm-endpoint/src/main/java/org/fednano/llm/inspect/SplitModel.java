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
import org.fednano.llm.inspect.Part.Holder;
import org.fednano.llm.model.DecoderTensors;
import org.fednano.llm.model.LlamaConfig;
import org.fednano.llm.model.LlamaDecoder;
import org.fednano.prompt.TokenizerWarnings;
import org.fednano.sample.Medium;
import org.fednano.sample.PromptFeatures;
import org.fednano.settings.JobException;
import org.fednano.vision.VisionConfig;
import org.fednano.vision.VisionTensors;
import org.fednano.vision.VisionTower;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.ModelFile;
import org.fednano.weights.ModelType;
import org.fednano.weights.OtherWeights;

/**
 * A model as FedNano splits it: encoder and connector at each client, the language model at the server.
 *
 * @param name folder or file
 * @param source what was counted: {@code weights} or {@code config}
 * @param parts encoder, connector, language model
 * @param hidden H
 * @param vocabulary rows of the token-embedding table
 * @param tokens prompt tokens of one medium by modality
 * @param warnings where its tokenizer contradicts it
 */
record SplitModel(
        String name,
        String source,
        List<Part> parts,
        int hidden,
        int vocabulary,
        SortedMap<String, Integer> tokens,
        List<String> warnings) {

    /**
     * Counts a model folder's tensors, or, where there are no weights, what its config implies.
     *
     * @param path a model folder or a config file
     * @param further encoders of {@code model.encoders}
     * @throws JobException with status 3 if there is none, it is of a family that is not read, or its parts do not fit together
     */
    static SplitModel of(Path path, List<Further> further) {
        OtherWeights.refuse(path);
        Path file = Files.isDirectory(path) ? path.resolve("config.json") : path;
        JsonNode config = config(file);
        JsonNode read = OriginalLlava.is(config) ? OriginalLlava.converted(config) : config;
        ModelType type = ModelType.of(read, path.toString());
        HfModelFolder folder = Files.isDirectory(path) && hasWeights(path) ? HfModelFolder.open(path) : null;
        LlamaConfig text = folder == null ? LlamaConfig.of(read) : LlamaConfig.of(folder);
        String name = String.valueOf(path.toAbsolutePath().normalize().getFileName());
        SortedMap<String, Integer> tokens = new TreeMap<>();
        List<Part> parts = new ArrayList<>();
        if (type == ModelType.LLAVA
                && further.stream().noneMatch(f -> f.modality().equals(Medium.IMAGE))) {
            VisionConfig vision = VisionConfig.of(read);
            tokens.put(Medium.IMAGE, vision.imageTokens());
            parts.addAll(visionOf(folder, vision, read));
        }
        for (Further encoder : further) {
            encoder.requireFits(text.hidden(), name);
            tokens.put(encoder.modality(), encoder.tokens());
            parts.addAll(FurtherParts.of(encoder));
        }
        parts.add(llmOf(folder, text, read));
        return new SplitModel(
                name,
                folder != null ? "weights" : "config",
                List.copyOf(parts),
                text.hidden(),
                text.vocabulary(),
                tokens,
                folder == null ? List.of() : TokenizerWarnings.of(folder));
    }

    private static boolean holds(HfModelFolder folder, String prefix) {
        return folder != null && folder.names().stream().anyMatch(tensor -> tensor.startsWith(prefix));
    }

    /** An endpoint's own folder may hold no tower: its config still says what a client holds. */
    private static List<Part> visionOf(HfModelFolder folder, VisionConfig vision, JsonNode config) {
        if (holds(folder, VisionTower.TOWER)) {
            VisionTensors.require(vision, folder);
            return List.of(
                    counted("encoder", Holder.CLIENT, folder, VisionTower.TOWER),
                    counted("connector", Holder.CLIENT, folder, VisionTower.PROJECTOR));
        }
        int bytesPerValue = bytesPerValue(config);
        boolean hasHead = config.path("vision_config").path("vision_use_head").asBoolean(true);
        return List.of(
                part("encoder", Holder.CLIENT, ParameterCounts.encoder(vision, hasHead), bytesPerValue),
                part("connector", Holder.CLIENT, ParameterCounts.connector(vision), bytesPerValue));
    }

    /** A client's own folder may hold no decoder: its config still says what the server holds. */
    private static Part llmOf(HfModelFolder folder, LlamaConfig text, JsonNode config) {
        if (holds(folder, LlamaDecoder.PREFIX)) {
            DecoderTensors.require(text, folder);
            return counted("language model", Holder.SERVER, folder, LlamaDecoder.PREFIX);
        }
        return part("language model", Holder.SERVER, ParameterCounts.llm(text), bytesPerValue(config));
    }

    private static boolean hasWeights(Path folder) {
        return Files.exists(folder.resolve("model.safetensors"))
                || Files.exists(folder.resolve("model.safetensors.index.json"));
    }

    private static JsonNode config(Path file) {
        try {
            return HfModelFolder.json(
                    ModelFile.text(
                            file.toAbsolutePath().getParent(),
                            file.getFileName().toString()),
                    file);
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

    /** Whether there is an encoder at all; a language model alone has none. */
    boolean hasEncoder() {
        return !tokens.isEmpty();
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
