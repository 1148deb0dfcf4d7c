package org.fednano.llm.model;

import com.fasterxml.jackson.databind.JsonNode;
import org.fednano.settings.JobException;

/**
 * Shape of a LLaMA decoder.
 *
 * @param hidden H
 * @param intermediate inner width of the gated MLP
 * @param layers decoder layers
 * @param heads query heads
 * @param keyValueHeads key and value heads; divide the query heads
 * @param headWidth E, even
 * @param vocabulary V
 * @param maxPositions longest sequence
 * @param epsilon of the RMS norms
 * @param ropeTheta base of the rotary embedding
 * @param tied whether the output layer is the embedding table
 * @param endToken token that ends an answer
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
        double ropeTheta,
        boolean tied,
        int endToken,
        int imageToken) {

    /**
     * Reads {@code config.json} of a LLaVA model. Absent values mean what they mean in transformers: LLaMA 7B.
     *
     * @throws JobException with status 3 if the decoder is none of the LLaMA family, or scales its rotary embedding
     */
    public static LlamaConfig of(JsonNode config) {
        JsonNode text = config.path("text_config");
        String type = text.path("model_type").asText("llama");
        String activation = text.path("hidden_act").asText("silu");
        if (!type.equals("llama")
                || !activation.equals("silu")
                || text.path("attention_bias").asBoolean(false)
                || text.path("mlp_bias").asBoolean(false)) {
            throw JobException.badInput(
                    "text_config in config.json must be a llama with silu and without biases: found " + type + " with "
                            + activation + ". Serve other models through an endpoint of their own.");
        }
        if (!text.path("rope_scaling").isMissingNode()
                && !text.path("rope_scaling").isNull()) {
            throw JobException.badInput("rope_scaling in config.json must be absent: found " + text.path("rope_scaling")
                    + ". Serve such models through an endpoint of their own.");
        }
        int hidden = positive(text, "hidden_size", 4096);
        int heads = positive(text, "num_attention_heads", 32);
        JsonNode end = text.has("eos_token_id") ? text.path("eos_token_id") : config.path("eos_token_id");
        LlamaConfig read = new LlamaConfig(
                hidden,
                positive(text, "intermediate_size", 11008),
                positive(text, "num_hidden_layers", 32),
                heads,
                positive(text, "num_key_value_heads", heads),
                positive(text, "head_dim", hidden / heads),
                positive(text, "vocab_size", 32000),
                positive(text, "max_position_embeddings", 2048),
                text.path("rms_norm_eps").asDouble(1e-6),
                text.path("rope_theta").asDouble(10000),
                text.path("tie_word_embeddings")
                        .asBoolean(config.path("tie_word_embeddings").asBoolean(false)),
                end.isArray() ? end.get(0).asInt() : end.asInt(2),
                config.path("image_token_index")
                        .asInt(config.path("image_token_id").asInt(-1)));
        if (read.heads % read.keyValueHeads != 0 || read.headWidth % 2 != 0) {
            throw JobException.badInput(
                    "In text_config, num_key_value_heads must divide num_attention_heads and head_dim"
                            + " be even: found " + read + ".");
        }
        return read;
    }

    private static int positive(JsonNode node, String field, int absent) {
        JsonNode value = node.path(field);
        int read = value.isMissingNode() || value.isNull() ? absent : value.asInt(-1);
        if (read < 1) {
            throw JobException.badInput(
                    field + " in text_config of config.json must be a whole number from 1: found " + value + ".");
        }
        return read;
    }
}
