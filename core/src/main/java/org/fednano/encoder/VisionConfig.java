package org.fednano.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import org.fednano.settings.JobException;

/**
 * Shape of a LLaVA model's client half, from {@code config.json}.
 *
 * @param imageSize S, pixels
 * @param patchSize pixels; divides S
 * @param width D
 * @param layers layers in the checkpoint
 * @param heads attention heads; divide D
 * @param mlpWidth inner width of a layer's MLP
 * @param activation of that MLP: {@code quick_gelu} or {@code gelu}
 * @param epsilon of the layer norms
 * @param usedLayers layers that are run: {@code vision_feature_layer} counted from the embeddings
 * @param keepsClassToken {@code vision_feature_select_strategy} full instead of default
 * @param projectorActivation activation between the connector's two layers
 * @param hidden H
 */
public record VisionConfig(
        int imageSize,
        int patchSize,
        int width,
        int layers,
        int heads,
        int mlpWidth,
        String activation,
        double epsilon,
        int usedLayers,
        boolean keepsClassToken,
        String projectorActivation,
        int hidden)
        implements Serializable {

    /**
     * Reads and checks the parts of {@code config.json} that matter here. Absent values mean what they mean in
     * transformers.
     *
     * @throws JobException with status 3 if the model is no LLaVA with a CLIP vision tower
     */
    public static VisionConfig of(JsonNode config) {
        JsonNode vision = config.path("vision_config");
        String type = vision.path("model_type").asText("");
        if (!config.path("model_type").asText("").equals("llava") || !type.equals("clip_vision_model")) {
            throw JobException.badInput("config.json must describe model_type llava with a clip_vision_model: found "
                    + config.path("model_type") + " with " + type + ". Other encoders are not supported.");
        }
        int layers = positive(vision, "num_hidden_layers", 12);
        JsonNode layer = config.path("vision_feature_layer");
        if (!layer.isMissingNode() && !layer.isInt()) {
            throw JobException.badInput(
                    "vision_feature_layer in config.json must be one whole number: found " + layer + ".");
        }
        int index = layer.asInt(-2);
        int used = index < 0 ? layers + 1 + index : index;
        if (used < 0 || used > layers) {
            throw JobException.badInput("vision_feature_layer in config.json must be " + (-layers - 1) + " to " + layers
                    + ": found " + index + ".");
        }
        String strategy = config.path("vision_feature_select_strategy").asText("default");
        if (!strategy.equals("default") && !strategy.equals("full")) {
            throw JobException.badInput(
                    "vision_feature_select_strategy in config.json must be default or full: found " + strategy + ".");
        }
        VisionConfig read = new VisionConfig(
                positive(vision, "image_size", 224),
                positive(vision, "patch_size", 32),
                positive(vision, "hidden_size", 768),
                layers,
                positive(vision, "num_attention_heads", 12),
                positive(vision, "intermediate_size", 3072),
                vision.path("hidden_act").asText("quick_gelu"),
                vision.path("layer_norm_eps").asDouble(1e-5),
                used,
                strategy.equals("full"),
                config.path("projector_hidden_act").asText("gelu"),
                positive(config.path("text_config"), "hidden_size", 4096));
        if (read.imageSize % read.patchSize != 0 || read.width % read.heads != 0) {
            throw JobException.badInput(
                    "In config.json, patch_size must divide image_size and heads hidden_size: found " + read + ".");
        }
        return read;
    }

    private static int positive(JsonNode node, String field, int absent) {
        int value = node.path(field).asInt(node.has(field) ? -1 : absent);
        if (value < 1) {
            throw JobException.badInput(
                    field + " in config.json must be a whole number from 1: found " + node.path(field) + ".");
        }
        return value;
    }

    /** Patches on one side. */
    public int grid() {
        return imageSize / patchSize;
    }

    /** P = grid². */
    public int patches() {
        return grid() * grid();
    }

    /** Tokens that one picture becomes in the prompt. */
    public int imageTokens() {
        return patches() + (keepsClassToken ? 1 : 0);
    }
}
