package org.fednano.llm.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.Set;
import org.fednano.settings.JobException;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.ModelType;

/**
 * Shape of a decoder of LLaMA's kind: LLaMA and Vicuna, Mistral, Qwen2.
 *
 * @param hidden H
 * @param intermediate inner width of the gated MLP
 * @param layers decoder layers
 * @param heads query heads
 * @param keyValueHeads key and value heads; divide the query heads
 * @param headWidth E, even; need not be H / heads
 * @param vocabulary V
 * @param maxPositions longest sequence
 * @param epsilon of the RMS norms
 * @param rope rotary embedding
 * @param biases which layers have one
 * @param window a token sees itself and window − 1 before it; 0: all before it
 * @param tied whether the output layer is the embedding table
 * @param endTokens tokens that end an answer; empty: none does
 * @param imageToken token that stands for a picture and is never generated, or −1
 */
public record LlamaConfig(
        int hidden,
        int intermediate,
        int layers,
        int heads,
        int keyValueHeads,
        int headWidth,
        int vocabulary,
        int maxPositions,
        double epsilon,
        Rope rope,
        Biases biases,
        int window,
        boolean tied,
        Set<Integer> endTokens,
        int imageToken) {

    private static final String TIED = "tie_word_embeddings";

    /** Beyond anything that has been published; what is larger is damage or malice, and would be memory first. */
    private static final int LARGEST_WIDTH = 1 << 20;

    private static final int MOST_LAYERS = 1 << 12;
    private static final int LARGEST_VOCABULARY = 1 << 24;
    private static final int MOST_POSITIONS = 1 << 24;

    /**
     * Linear layers with a bias.
     *
     * @param input of query, key and value
     * @param output of attention
     * @param mlp of the gated MLP's three
     */
    public record Biases(boolean input, boolean output, boolean mlp) {
        public static final Biases NONE = new Biases(false, false, false);
    }

    /**
     * Reads {@code config.json} of a LLaVA model or of a language model alone, as if it stood without a
     * {@code generation_config.json}.
     *
     * @throws JobException with status 3 if the decoder is of a family, or has a feature, that is not supported
     */
    public static LlamaConfig of(JsonNode config) {
        return of(config, MissingNode.getInstance());
    }

    /** Reads the configs of a model folder; an output layer that the outer config ties and that no file holds is tied. */
    public static LlamaConfig of(HfModelFolder folder) {
        JsonNode config = folder.config();
        boolean tied = config.path(TIED).asBoolean(false) && !folder.names().contains(LlamaDecoder.OUTPUT);
        return of(config, folder.generationConfig().orElse(MissingNode.getInstance()), tied || isTied(config));
    }

    /** Since transformers 5 the outer config of a LLaVA can tie the output layer, too; before, it meant nothing there. */
    private static boolean isTied(JsonNode config) {
        String version = config.path("transformers_version").asText("");
        boolean outer =
                version.matches("([5-9]|[1-9][0-9]+)\\..*") && config.path(TIED).asBoolean(false);
        return outer || decoder(config).path(TIED).asBoolean(false);
    }

    /** The part of a config that describes the decoder. */
    private static JsonNode decoder(JsonNode config) {
        return isAlone(config) ? config : config.path("text_config");
    }

    private static boolean isAlone(JsonNode config) {
        return !config.has("text_config")
                && !config.path("model_type").asText("llava").equals("llava");
    }

    /**
     * @param config {@code config.json}; absent values mean what they mean in transformers for the model's type
     * @param generation {@code generation_config.json}, or missing
     */
    static LlamaConfig of(JsonNode config, JsonNode generation) {
        return of(config, generation, isTied(config));
    }

    private static LlamaConfig of(JsonNode config, JsonNode generation, boolean tied) {
        JsonNode text = decoder(config);
        DecoderFamily family = DecoderFamily.of(text);
        family.requireSupported(config, text);
        int hidden = whole(text, "hidden_size", 4096);
        int heads = whole(text, "num_attention_heads", 32);
        LlamaConfig read = new LlamaConfig(
                hidden,
                whole(text, "intermediate_size", family.intermediate()),
                whole(text, "num_hidden_layers", 32),
                heads,
                absentOrNull(text, "num_key_value_heads")
                        ? family.keyValueHeads(text, heads)
                        : whole(text, "num_key_value_heads", heads),
                whole(text, "head_dim", Math.max(1, hidden / heads)),
                whole(text, "vocab_size", family.vocabulary()),
                whole(text, "max_position_embeddings", family.maxPositions()),
                epsilon(text),
                Rope.of(text),
                family.biases(text),
                family.window(text),
                tied,
                EndTokens.of(config, text, generation, family),
                isAlone(config) ? -1 : ModelType.imageToken(config, -1));
        read.requireBelievable();
        if (read.heads % read.keyValueHeads != 0 || read.headWidth % 2 != 0) {
            throw JobException.badInput("In the language model's config, num_key_value_heads must divide"
                    + " num_attention_heads and head_dim be even: found " + read.keyValueHeads + ", " + read.heads
                    + " and " + read.headWidth + ".");
        }
        return read;
    }

    private void requireBelievable() {
        boolean believable = hidden <= LARGEST_WIDTH
                && intermediate <= LARGEST_WIDTH
                && layers <= MOST_LAYERS
                && (long) heads * headWidth <= LARGEST_WIDTH
                && keyValueHeads <= heads
                && vocabulary <= LARGEST_VOCABULARY
                && maxPositions <= MOST_POSITIONS;
        if (!believable) {
            throw JobException.badInput(
                    "The language model's config must describe a model that there can be (widths up to "
                            + LARGEST_WIDTH + ", " + MOST_LAYERS + " layers, " + LARGEST_VOCABULARY + " tokens, "
                            + MOST_POSITIONS + " positions, no more key_value heads than heads): found hidden_size "
                            + hidden
                            + ", intermediate_size " + intermediate + ", num_hidden_layers " + layers
                            + ", num_attention_heads " + heads + ", num_key_value_heads " + keyValueHeads
                            + ", head_dim "
                            + headWidth + ", vocab_size " + vocabulary + ", max_position_embeddings " + maxPositions
                            + ". Copy config.json again.");
        }
    }

    private static double epsilon(JsonNode text) {
        JsonNode value = text.path("rms_norm_eps");
        double read = value.asDouble(1e-6);
        if (!value.isMissingNode() && !value.isNumber() || !(read >= 0) || read > 1) {
            throw JobException.badInput(
                    "rms_norm_eps in config.json must be a number from 0 to 1: found " + value + ".");
        }
        return read;
    }

    private static boolean absentOrNull(JsonNode node, String field) {
        return node.path(field).isMissingNode() || node.path(field).isNull();
    }

    static int whole(JsonNode node, String field, int absent) {
        JsonNode value = node.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return absent;
        }
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 1) {
            throw JobException.badInput(field
                    + " of the language model in config.json must be a whole number from 1: found " + value + ".");
        }
        return value.intValue();
    }
}
