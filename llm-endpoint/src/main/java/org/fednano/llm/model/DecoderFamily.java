package org.fednano.llm.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import org.fednano.settings.JobException;

/** A model type: what absent values in its config mean (transformers 4.57), and what sets it apart from LLaMA. */
enum DecoderFamily {
    LLAMA(11008, 32000, 2048, 2),
    MISTRAL(14336, 32000, 131072, 2),
    QWEN2(22016, 151936, 32768, -1);

    private static final String ELSEWHERE = ". Serve such models through an endpoint of their own.";

    private final int intermediate;
    private final int vocabulary;
    private final int maxPositions;
    private final int endToken;

    DecoderFamily(int intermediate, int vocabulary, int maxPositions, int endToken) {
        this.intermediate = intermediate;
        this.vocabulary = vocabulary;
        this.maxPositions = maxPositions;
        this.endToken = endToken;
    }

    /**
     * That of a decoder's config.
     *
     * @throws JobException with status 3 if it is none of these
     */
    static DecoderFamily of(JsonNode text) {
        String type = text.path("model_type").asText("llama");
        for (DecoderFamily family : values()) {
            if (family.type().equals(type)) {
                return family;
            }
        }
        throw JobException.badInput(
                "model_type of the language model in config.json must be llama, mistral or qwen2: found '" + type + "'"
                        + ELSEWHERE);
    }

    private String type() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Names what this project does not compute, instead of computing something else. */
    void requireSupported(JsonNode config, JsonNode text) {
        for (JsonNode node : new JsonNode[] {config, text}) {
            JsonNode quantization = node.path("quantization_config");
            if (!quantization.isMissingNode() && !quantization.isNull()) {
                throw JobException.badInput("quantization_config in config.json must be absent: found "
                        + quantization.path("quant_method").asText("one") + ". Take the model's edition in float32,"
                        + " float16 or bfloat16.");
            }
        }
        String activation = text.path("hidden_act").asText("silu");
        if (!activation.equals("silu")) {
            throw JobException.badInput("hidden_act of a " + type() + " in config.json must be silu: found '"
                    + activation + "'" + ELSEWHERE);
        }
        if (this == QWEN2 && text.path("use_sliding_window").asBoolean(false)) {
            throw JobException.badInput(
                    "use_sliding_window of a qwen2 in config.json must be false: found true" + ELSEWHERE);
        }
        for (JsonNode layer : text.path("layer_types")) {
            if (!layer.asText().equals("full_attention")) {
                throw JobException.badInput(
                        "layer_types in config.json must all be full_attention: found " + layer + ELSEWHERE);
            }
        }
    }

    int intermediate() {
        return intermediate;
    }

    int vocabulary() {
        return vocabulary;
    }

    int maxPositions() {
        return maxPositions;
    }

    /** Token that ends an answer if the config says nothing, or −1. */
    int endToken() {
        return endToken;
    }

    /** Key and value heads where the config has none: as many as query heads, unless the type has a number of its own. */
    int keyValueHeads(JsonNode text, int heads) {
        if (text.has("num_key_value_heads")) {
            return heads; // null
        }
        return switch (this) {
            case LLAMA -> heads;
            case MISTRAL -> 8;
            case QWEN2 -> 32;
        };
    }

    LlamaConfig.Biases biases(JsonNode text) {
        return switch (this) {
            case LLAMA -> {
                boolean attention = text.path("attention_bias").asBoolean(false);
                yield new LlamaConfig.Biases(
                        attention, attention, text.path("mlp_bias").asBoolean(false));
            }
            case MISTRAL -> LlamaConfig.Biases.NONE;
            case QWEN2 -> new LlamaConfig.Biases(true, false, false);
        };
    }

    /** Sliding window, or 0. Mistral's is on unless it is null. */
    int window(JsonNode text) {
        boolean off = this != MISTRAL || text.path("sliding_window").isNull();
        return off ? 0 : LlamaConfig.whole(text, "sliding_window", 4096);
    }
}
