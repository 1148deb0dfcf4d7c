package org.fednano.prompt;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Answers as token ids that continue a prompt: behind {@code ASSISTANT:} an answer begins with a blank, behind a line's end it
 * doesn't, and tokenizers write the two with different tokens. So an answer is encoded together with the prompt's last words,
 * and these are taken off.
 */
final class AnswerIds {

    /** LLaMA's end token, the default of transformers. */
    private static final int LLAMA_END = 2;

    private final PromptTokenizer tokenizer;
    private final PromptTemplate template;
    private final int[] ending;
    private final int endToken;

    AnswerIds(
            JsonNode config,
            PromptStyle style,
            PromptTemplate template,
            TokenizerFile file,
            PromptTokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.template = template;
        ending = template.ending().isBlank() ? new int[0] : tokenizer.encode(template.ending(), false);
        endToken = endToken(config, style, template.behind(), file);
    }

    /**
     * The end token that the chat template itself writes behind an answer; else the first that generation_config.json lists,
     * or config.json, or the tokenizer's own.
     */
    private static int endToken(JsonNode config, PromptStyle style, String behind, TokenizerFile file) {
        List<Integer> declared = PromptStyle.ids(
                config.path("text_config").has("eos_token_id")
                        ? config.path("text_config").path("eos_token_id")
                        : config.path("eos_token_id"));
        OptionalInt own = file.id(style.specialTokens().getOrDefault("eos_token", ""));
        Set<Integer> ends = new LinkedHashSet<>(style.ends());
        ends.addAll(declared);
        own.ifPresent(ends::add);
        return file.addedAtStartOf(behind)
                .filter(ends::contains)
                .orElseGet(() -> ends.isEmpty() ? LLAMA_END : ends.iterator().next());
    }

    /** Token ids of an answer, end token included. */
    int[] of(String answer) {
        int[] ids = continuation(template.plain(answer));
        int[] ended = Arrays.copyOf(ids, ids.length + 1);
        ended[ids.length] = endToken;
        return ended;
    }

    private int[] continuation(String answer) {
        int[] whole =
                ending.length == 0 ? new int[0] : tokenizer.encode(template.ending() + template.lead() + answer, false);
        boolean continues = ending.length > 0
                && whole.length >= ending.length
                && Arrays.equals(ending, 0, ending.length, whole, 0, ending.length);
        return continues
                ? Arrays.copyOfRange(whole, ending.length, whole.length)
                : tokenizer.encode(answer, false); // its first letters melt into the prompt's last ones
    }
}
