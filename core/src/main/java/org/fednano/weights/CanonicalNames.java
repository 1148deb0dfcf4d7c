package org.fednano.weights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import org.fednano.settings.JobException;

/**
 * The one set of tensor names that this project knows a model by: those of LLaVA checkpoints written before transformers
 * 4.52. Later ones, and folders that hold a language model alone, are renamed while they are opened.
 *
 * <table><caption>names in files</caption>
 * <tr><th>canonical</th><th>LLaVA since 4.52</th><th>language model alone</th></tr>
 * <tr><td>{@code vision_tower.}</td><td>{@code model.vision_tower.}</td><td></td></tr>
 * <tr><td>{@code multi_modal_projector.}</td><td>{@code model.multi_modal_projector.}</td><td></td></tr>
 * <tr><td>{@code language_model.model.}</td><td>{@code model.language_model.}</td><td>{@code model.}</td></tr>
 * <tr><td>{@code language_model.lm_head.}</td><td>{@code lm_head.}</td><td>{@code lm_head.}</td></tr>
 * </table>
 */
final class CanonicalNames {

    /** Model types whose folders are language models alone. */
    private static final Set<String> LANGUAGE_MODELS = Set.of("llama", "mistral", "qwen2");

    private static final String[][] LLAVA = {
        {"model.vision_tower.", "vision_tower."},
        {"model.multi_modal_projector.", "multi_modal_projector."},
        {"model.language_model.", "language_model.model."},
        {"lm_head.", "language_model.lm_head."},
    };
    private static final String[][] LANGUAGE_MODEL = {
        {"model.", "language_model.model."},
        {"lm_head.", "language_model.lm_head."},
    };

    private final String[][] renamed;

    private CanonicalNames(String[][] renamed) {
        this.renamed = renamed;
    }

    /**
     * Those of a model's type.
     *
     * @param where the folder, for messages
     * @throws JobException with status 3 if the type is not supported
     */
    static CanonicalNames of(JsonNode config, String where) {
        String type = config.path("model_type").asText("");
        if (type.equals("llava")) {
            return new CanonicalNames(LLAVA);
        }
        if (LANGUAGE_MODELS.contains(type)) {
            return new CanonicalNames(LANGUAGE_MODEL);
        }
        throw JobException.badInput(
                "model_type in config.json of " + where + " must be llava, or llama, mistral or qwen2"
                        + " for a language model alone: found " + (type.isEmpty() ? "none" : "'" + type + "'") + ". "
                        + advice(type));
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

    /** The canonical name of a tensor in a file; names that belong to nothing known stay as they are. */
    String of(String name) {
        for (String[] pair : renamed) {
            if (name.startsWith(pair[0])) {
                return pair[1] + name.substring(pair[0].length());
            }
        }
        return name;
    }
}
