package org.fednano.weights;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The one set of tensor names that this project knows a model by: those of LLaVA checkpoints written before transformers
 * 4.52. Later ones, and folders that hold a language model alone, are renamed while they are opened.
 *
 * <table><caption>names in files</caption>
 * <tr><th>canonical</th><th>LLaVA since 4.52, with or without {@code model.} in front</th><th>language model alone</th></tr>
 * <tr><td>{@code vision_tower.vision_model.}</td><td>{@code vision_tower.vision_model.}, since 5.6
 * {@code vision_tower.}</td><td></td></tr>
 * <tr><td>{@code multi_modal_projector.}</td><td>{@code multi_modal_projector.}</td><td></td></tr>
 * <tr><td>{@code language_model.model.}</td><td>{@code language_model.}</td><td>{@code model.}, or nothing</td></tr>
 * <tr><td>{@code language_model.lm_head.}</td><td>{@code lm_head.}</td><td>{@code lm_head.}</td></tr>
 * </table>
 */
final class CanonicalNames {

    /** What canonical names begin with. */
    static final List<String> PARTS = List.of("vision_tower.", "multi_modal_projector.", "language_model.");

    private static final Map.Entry<Pattern, String> HEAD =
            rule("(?:(?:model\\.)?language_model\\.)?lm_head\\.", "language_model.lm_head.");

    // Pattern by pattern; the first that fits the beginning of a name replaces it.
    private static final List<Map.Entry<Pattern, String>> LLAVA = List.of(
            HEAD,
            rule("(?:model\\.)?(?:vision_tower\\.)+(?:vision_model\\.)?", "vision_tower.vision_model."),
            rule("(?:model\\.)?multi_modal_projector\\.", "multi_modal_projector."),
            rule("(?:model\\.)?language_model\\.(?:model\\.)?", "language_model.model."));
    private static final List<Map.Entry<Pattern, String>> LANGUAGE_MODEL = List.of(
            HEAD,
            rule("model\\.(?=(?:embed_tokens|layers|norm|rotary_emb)\\.)", "language_model.model."),
            rule("(?=(?:embed_tokens|layers|norm)\\.)", "language_model.model."));

    private final List<Map.Entry<Pattern, String>> rules;

    private CanonicalNames(List<Map.Entry<Pattern, String>> rules) {
        this.rules = rules;
    }

    private static Map.Entry<Pattern, String> rule(String start, String canonical) {
        return Map.entry(Pattern.compile(start), canonical);
    }

    static CanonicalNames of(ModelType type) {
        return new CanonicalNames(type == ModelType.LLAVA ? LLAVA : LANGUAGE_MODEL);
    }

    /** The canonical name of a tensor in a file; names that belong to nothing known stay as they are. */
    String of(String name) {
        for (Map.Entry<Pattern, String> rule : rules) {
            Matcher start = rule.getKey().matcher(name);
            if (start.lookingAt()) {
                return rule.getValue() + name.substring(start.end());
            }
        }
        return name;
    }
}
