package org.fednano.vision;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.fednano.settings.JobException;
import org.fednano.tensor.ArrayOps;

/**
 * Shape of a LLaVA model's client half, from {@code config.json}.
 *
 * @param family of the vision transformer
 * @param imageSize S, pixels
 * @param patchSize pixels; what is left over on the right and at the bottom is not seen
 * @param width D
 * @param layers layers in the checkpoint
 * @param heads attention heads; divide D
 * @param mlpWidth inner width of a layer's MLP
 * @param activation of that MLP, by its name in transformers
 * @param epsilon of the layer norms
 * @param featureLayers F layers whose outputs are laid side by side, 0 (embeddings) to {@code layers}, in the order of
 *     {@code vision_feature_layer}
 * @param keepsFirstToken {@code vision_feature_select_strategy} full instead of default
 * @param projectorActivation activation between the connector's two layers
 * @param projectorBias whether these layers have biases
 * @param hidden H
 */
public record VisionConfig(
        Family family,
        int imageSize,
        int patchSize,
        int width,
        int layers,
        int heads,
        int mlpWidth,
        String activation,
        double epsilon,
        List<Integer> featureLayers,
        boolean keepsFirstToken,
        String projectorActivation,
        boolean projectorBias,
        int hidden)
        implements Serializable {

    /** Vision transformers that are known here; they differ in few places. */
    public enum Family {
        /** OpenAI's: a class token first, a norm before the first layer, no bias on patches. */
        CLIP("clip_vision_model", 32, "quick_gelu", 1e-5),
        /** Google's: patches only, with a bias, and no norm before the first layer. */
        SIGLIP("siglip_vision_model", 16, "gelu_pytorch_tanh", 1e-6);

        private final String modelType;
        private final int patchSize;
        private final String activation;
        private final double epsilon;

        Family(String modelType, int patchSize, String activation, double epsilon) {
            this.modelType = modelType;
            this.patchSize = patchSize;
            this.activation = activation;
            this.epsilon = epsilon;
        }

        private static Family of(JsonNode vision) {
            String type = vision.path("model_type").asText(CLIP.modelType);
            for (Family family : values()) {
                if (family.modelType.equals(type)) {
                    return family;
                }
            }
            throw JobException.badInput("vision_config.model_type in config.json must be clip_vision_model or"
                    + " siglip_vision_model: found " + type + ". An encoder of another kind can be exported as"
                    + " TorchScript and named in model.encoders.");
        }
    }

    /**
     * Reads and checks the parts of {@code config.json} that matter here. Absent values mean what they mean in
     * transformers.
     *
     * @throws JobException with status 3 if the model is no LLaVA with a vision tower of a known family
     */
    public static VisionConfig of(JsonNode config) {
        if (!config.path("model_type").asText("").equals("llava")) {
            throw JobException.badInput("model_type in config.json must be llava: found " + config.path("model_type")
                    + ". Other vision-language models put their pictures together in ways that are not supported.");
        }
        JsonNode vision = config.path("vision_config");
        boolean absent = !vision.isObject(); // then LLaVA-1.5's: ViT-L/14 at 336 pixels
        Family family = Family.of(vision);
        int layers = positive(vision, "num_hidden_layers", absent ? 24 : 12);
        VisionConfig read = new VisionConfig(
                family,
                positive(vision, "image_size", absent ? 336 : 224),
                positive(vision, "patch_size", absent ? 14 : family.patchSize),
                positive(vision, "hidden_size", absent ? 1024 : 768),
                layers,
                positive(vision, "num_attention_heads", absent ? 16 : 12),
                positive(vision, "intermediate_size", absent ? 4096 : 3072),
                vision.path("hidden_act").asText(family.activation),
                epsilon(vision.path("layer_norm_eps"), family.epsilon),
                featureLayers(config.path("vision_feature_layer"), layers),
                keepsFirstToken(config.path("vision_feature_select_strategy")),
                config.path("projector_hidden_act").asText("gelu"),
                config.path("multimodal_projector_bias").asBoolean(true),
                positive(config.path("text_config"), "hidden_size", 4096));
        read.check(positive(vision, "num_channels", 3));
        return read;
    }

    private static final int LARGEST_IMAGE = 1 << 14;
    private static final int LARGEST_WIDTH = 1 << 20;
    private static final int MOST_LAYERS = 1 << 12;
    private static final int MOST_TOKENS = 1 << 18;

    /** What is larger than anything published is damage or malice, and would be memory first. */
    private void requireBelievable() {
        long side = imageSize / patchSize;
        if (imageSize > LARGEST_IMAGE
                || side * side > MOST_TOKENS
                || width > LARGEST_WIDTH
                || mlpWidth > LARGEST_WIDTH
                || hidden > LARGEST_WIDTH
                || layers > MOST_LAYERS
                || (long) width * featureLayers.size() > LARGEST_WIDTH) {
            throw JobException.badInput(
                    "vision_config in config.json must describe a tower that there can be (pictures of "
                            + LARGEST_IMAGE + " pixels, " + MOST_TOKENS + " patches, widths up to " + LARGEST_WIDTH
                            + ", "
                            + MOST_LAYERS + " layers): found " + this + ". Copy config.json again.");
        }
    }

    private void check(int channels) {
        requireBelievable();
        if (channels != 3) {
            throw JobException.badInput("num_channels in config.json must be 3 (red, green, blue): found " + channels
                    + ". Pictures of other channels are not supported.");
        }
        if (patchSize > imageSize || width % heads != 0 || imageTokens() < 1) {
            throw JobException.badInput(
                    "In config.json, patch_size must be at most image_size, num_attention_heads must"
                            + " divide hidden_size, and a picture must become one token or more: found " + this + ".");
        }
        ArrayOps.requireActivation(activation);
        ArrayOps.requireActivation(projectorActivation);
    }

    private static List<Integer> featureLayers(JsonNode node, int layers) {
        List<Integer> found = new ArrayList<>();
        if (node.isMissingNode()) {
            found.add(featureLayer(-2, layers));
        } else if (node.isInt()) {
            found.add(featureLayer(node.intValue(), layers));
        } else if (node.isArray()) {
            node.forEach(n -> found.add(featureLayer(n.isInt() ? n.intValue() : Integer.MIN_VALUE, layers)));
        }
        if (found.isEmpty()) {
            throw JobException.badInput(
                    "vision_feature_layer in config.json must be one whole number or a list of them:" + " found " + node
                            + ".");
        }
        return List.copyOf(found);
    }

    private static int featureLayer(int index, int layers) {
        int layer = index < 0 ? layers + 1 + index : index;
        if (layer < 0 || layer > layers) {
            throw JobException.badInput("vision_feature_layer in config.json must be " + (-layers - 1) + " to " + layers
                    + ": found " + (index == Integer.MIN_VALUE ? "no whole number" : index) + ".");
        }
        return layer;
    }

    private static boolean keepsFirstToken(JsonNode strategy) {
        String name = strategy.asText("default");
        if (!name.equals("default") && !name.equals("full")) {
            throw JobException.badInput(
                    "vision_feature_select_strategy in config.json must be default or full: found " + strategy + ".");
        }
        return name.equals("full");
    }

    private static double epsilon(JsonNode node, double absent) {
        if (node.isMissingNode() || node.isNull()) {
            return absent;
        }
        if (!node.isNumber() || !(node.doubleValue() >= 0 && node.doubleValue() < 1)) {
            throw JobException.badInput(
                    "layer_norm_eps of vision_config in config.json must be a number from 0, below 1:" + " found "
                            + node + ". Copy the model's config again.");
        }
        return node.doubleValue();
    }

    private static int positive(JsonNode node, String field, int absent) {
        JsonNode found = node.path(field);
        if (found.isMissingNode()) {
            return absent;
        }
        if (!found.isInt() || found.intValue() < 1) {
            throw JobException.badInput(field + " in config.json must be a whole number from 1: found " + found + ".");
        }
        return found.intValue();
    }

    /** Layers that are run: up to the last one that is asked for. */
    public int usedLayers() {
        return Collections.max(featureLayers);
    }

    /** Width of a feature, D · F: what the connector takes. */
    public int featureWidth() {
        return width * featureLayers.size();
    }

    /** Patches on one side. */
    public int grid() {
        return imageSize / patchSize;
    }

    /** P = grid². */
    public int patches() {
        return grid() * grid();
    }

    /** Tokens inside the tower: P, and one more where there is a class token. */
    public int towerTokens() {
        return patches() + (family == Family.CLIP ? 1 : 0);
    }

    /**
     * Tokens that one picture becomes in the prompt. The strategy {@code default} drops the first token of either family, as
     * transformers does: CLIP's class token, but SigLIP's first patch.
     */
    public int imageTokens() {
        return towerTokens() - (keepsFirstToken ? 0 : 1);
    }
}
