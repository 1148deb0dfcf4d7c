package org.fednano.llm.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import java.util.TreeSet;
import org.fednano.settings.JobException;

/**
 * Tokens that end an answer, as transformers finds them: {@code generation_config.json} alone if there is one, else the
 * config's own, else the language model's, else its type's.
 */
final class EndTokens {

    private EndTokens() {}

    static Set<Integer> of(JsonNode config, JsonNode text, JsonNode generation, DecoderFamily family) {
        String field = "eos_token_id";
        if (generation.isObject()) {
            return read(generation.path(field), "generation_config.json");
        }
        if (config.hasNonNull(field)) {
            return read(config.path(field), "config.json");
        }
        if (text.has(field)) {
            return read(text.path(field), "config.json");
        }
        return family.endToken() < 0 ? Set.of() : Set.of(family.endToken());
    }

    private static Set<Integer> read(JsonNode value, String file) {
        Set<Integer> ids = new TreeSet<>();
        for (JsonNode id : value.isArray() ? value : java.util.List.of(value)) {
            if (id.isMissingNode() || id.isNull()) {
                continue;
            }
            if (!id.isIntegralNumber() || !id.canConvertToInt()) {
                throw JobException.badInput(
                        "eos_token_id in " + file + " must be a token id or a list of them: found " + value + ".");
            }
            ids.add(id.intValue());
        }
        return Set.copyOf(ids);
    }
}
