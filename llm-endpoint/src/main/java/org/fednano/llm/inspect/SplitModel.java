package org.fednano.llm.inspect;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fednano.encoder.VisionConfig;
import org.fednano.encoder.VisionTower;
import org.fednano.llm.inspect.Part.Holder;
import org.fednano.llm.model.LlamaConfig;
import org.fednano.llm.model.LlamaDecoder;
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
 * @param imageTokens prompt tokens of one picture
 */
record SplitModel(String name, String source, List<Part> parts, int hidden, int vocabulary, int imageTokens) {

    /**
     * Counts a model folder's tensors, or, where there are no weights, what its config implies.
     *
     * @param path a model folder or a config file
     * @throws JobException with status 3 if there is none, or it is of a family that is not read
     */
    static SplitModel of(Path path) {
        Path file = Files.isDirectory(path) ? path.resolve("config.json") : path;
        JsonNode config = config(file);
        if (Files.isDirectory(path) && hasWeights(path)) {
            return ofWeights(HfModelFolder.open(path));
        }
        return ofConfig(
                path.getFileName().toString(), OriginalLlava.is(config) ? OriginalLlava.converted(config) : config);
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

    private static SplitModel ofConfig(String name, JsonNode config) {
        VisionConfig vision = VisionConfig.of(config);
        LlamaConfig text = LlamaConfig.of(config);
        int width = bytesPerValue(config);
        return new SplitModel(
                name,
                "config",
                List.of(
                        part("encoder", Holder.CLIENT, ParameterCounts.encoder(vision), width),
                        part("connector", Holder.CLIENT, ParameterCounts.connector(vision), width),
                        part("language model", Holder.SERVER, ParameterCounts.llm(text), width)),
                text.hidden(),
                text.vocabulary(),
                vision.imageTokens());
    }

    private static Part part(String name, Holder holder, long parameters, int bytesPerValue) {
        return new Part(name, holder, parameters, parameters * bytesPerValue);
    }

    private static SplitModel ofWeights(HfModelFolder folder) {
        VisionConfig vision = VisionConfig.of(folder.config());
        LlamaConfig text = LlamaConfig.of(folder.config());
        return new SplitModel(
                String.valueOf(folder.folder().toAbsolutePath().getFileName()),
                "weights",
                List.of(
                        counted("encoder", Holder.CLIENT, folder, VisionTower.TOWER),
                        counted("connector", Holder.CLIENT, folder, VisionTower.PROJECTOR),
                        counted("language model", Holder.SERVER, folder, LlamaDecoder.PREFIX)),
                text.hidden(),
                text.vocabulary(),
                vision.imageTokens());
    }

    private static Part counted(String name, Holder holder, HfModelFolder folder, String prefix) {
        long parameters = 0;
        long bytes = 0;
        for (String tensor : folder.names()) {
            if (tensor.startsWith(prefix)) {
                parameters += values(folder.shape(tensor));
                bytes += folder.storedBytes(tensor);
            }
        }
        return new Part(name, holder, parameters, bytes);
    }

    private static long values(long[] shape) {
        long values = 1;
        for (long size : shape) {
            values *= size;
        }
        return values;
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
