package org.fednano.weights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.fednano.settings.JobException;

/** What a {@code config.json} describes: the one place that says which models are read, whatever is asked of them. */
public enum ModelType {
    /** A vision tower, a projector and a language model. */
    LLAVA,
    /** A language model alone. */
    LANGUAGE_MODEL;

    private static final Set<String> LANGUAGE_MODELS = Set.of("llama", "mistral", "qwen2");

    /** Fields that only configs of several parts have, as some class or other names them. */
    private static final Pattern PART = Pattern.compile(
            "(text|llm|language|vision|visual|image|video|audio|speech|sound|encoder|decoder|qformer|perceiver|projector|"
                    + "thinker|talker|mm|multimodal)_(model_)?(config|tower|encoder_config|decoder_config)|visual|mm_vision_tower");

    /**
     * That of a config.
     *
     * @param where its folder or file, for messages
     * @throws JobException with status 3, naming the type, if such models are not read
     */
    public static ModelType of(JsonNode config, String where) {
        String type = config.path("model_type").asText("");
        boolean llava = type.equals("llava");
        if (!llava && !LANGUAGE_MODELS.contains(type)) {
            throw JobException.badInput(
                    "model_type in config.json of " + where + " must be llava, or llama, mistral or qwen2"
                            + " for a language model alone: found " + (type.isEmpty() ? "none" : "'" + type + "'")
                            + ". " + advice(type));
        }
        for (Iterator<String> fields = config.fieldNames(); fields.hasNext(); ) {
            String field = fields.next();
            JsonNode part = config.path(field);
            boolean own = llava && (field.equals("text_config") || field.equals("vision_config"));
            if (own && !part.isObject() && !part.isNull()) {
                throw JobException.badInput(
                        field + " in config.json of " + where + " must be an object: found " + part + ".");
            }
            if (PART.matcher(field).matches() && !own && !isEmpty(part)) {
                throw JobException.badInput("config.json of " + where + " must describe a "
                        + (llava ? "llava of a vision_config and a text_config" : type + " alone")
                        + ": found a " + field + " in it. Models of other parts are not supported.");
            }
        }
        return llava ? LLAVA : LANGUAGE_MODEL;
    }

    /**
     * Id of the token that stands for a picture, under either of its names.
     *
     * @param absent where the config has none
     * @throws JobException with status 3 if the two names have two ids, or one of them no whole number
     */
    public static int imageToken(JsonNode config, int absent) {
        JsonNode index = config.path("image_token_index");
        JsonNode id = config.path("image_token_id");
        for (JsonNode one : List.of(index, id)) {
            if (!one.isInt() && !one.isMissingNode() && !one.isNull()) {
                throw JobException.badInput(
                        "image_token_index (or image_token_id) in config.json must be a token's id: found " + one
                                + ". Copy the model's config again.");
            }
        }
        if (index.isInt() && id.isInt() && index.intValue() != id.intValue()) {
            throw JobException.badInput("image_token_index and image_token_id in config.json must be the same: found "
                    + index + " and " + id + ".");
        }
        return index.asInt(id.asInt(absent));
    }

    private static boolean isEmpty(JsonNode value) {
        return value.isNull() || value.isContainerNode() && value.isEmpty();
    }

    private static String advice(String type) {
        return switch (type) {
            case "llava_llama",
                    "llava_mistral",
                    "llava_qwen" -> "This is the layout of LLaVA's own repository: convert it"
                    + " with transformers' convert_llava_weights_to_hf.py, or take the model's -hf edition.";
            default -> "Take a LLaVA 1.5 style checkpoint; or serve the language model through an endpoint of its own and"
                    + " export its encoder as TorchScript.";
        };
    }
}
