package org.fednano.prompt;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;

/**
 * How a model's prompts are written: what its folder and {@code prompt.*} say, as texts.
 *
 * @param template text with fields; empty where the chat template applies
 * @param chatTemplate the model's own, in Jinja; or empty
 * @param chatFile the file that it stood in
 * @param user the user's turn in the chat template, with fields
 * @param specialTokens {@code bos_token}, {@code eos_token} and the like, those that the model has
 * @param start who decides on a start token in front of a prompt
 * @param ends end tokens that {@code generation_config.json} lists; empty without that file
 */
public record PromptStyle(
        String template,
        String chatTemplate,
        String chatFile,
        String user,
        TreeMap<String, String> specialTokens,
        Start start,
        List<Integer> ends)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Value of {@code prompt.template} for the model's own chat template. */
    public static final String AUTO = "auto";

    /** LLaVA-1.5's, for a model without a chat template. */
    public static final String DEFAULT = "USER: {image}\n{question} ASSISTANT:";

    /** Which of the model's files says whether a start token comes first. */
    public enum Start {
        /** What tokenizer.json does. */
        TOKENIZER,
        /** LLaMA's tokenizers: {@code add_bos_token} in tokenizer_config.json, whatever tokenizer.json does. */
        ALWAYS,
        /** The same, off. */
        NEVER
    }

    public PromptStyle {
        specialTokens = new TreeMap<>(specialTokens);
        ends = List.copyOf(ends);
    }

    /** A template alone, of a model without any of those files. */
    public static PromptStyle plain(String template) {
        return new PromptStyle(template, "", "", "", new TreeMap<>(), Start.TOKENIZER, List.of());
    }

    /**
     * What a folder and the settings say.
     *
     * @throws JobException with status 3 if one of its files is corrupt; 2 if {@code prompt.user} has no place for a text
     */
    public static PromptStyle of(HfModelFolder folder, Settings settings) {
        JsonNode tokenizer = json(folder, "tokenizer_config.json");
        String template = settings.get(ModelKeys.PROMPT);
        String user = settings.get(ModelKeys.PROMPT_USER);
        if (user.contains("{image}")) {
            throw JobException.usage("Setting '" + ModelKeys.PROMPT_USER.key() + "' must hold text only: found '" + user
                    + "'. The chat template itself places the media, in front of it.");
        }
        if (!user.matches("(?s).*\\{(question|context|choices)}.*")) {
            throw JobException.usage("Setting '" + ModelKeys.PROMPT_USER.key()
                    + "' must have a place for a sample's text: expected {question}, {context} or {choices} in it, found '"
                    + user + "'.");
        }
        Optional<ChatFile> chat = template.equals(AUTO) ? ChatFile.find(folder) : Optional.empty();
        return new PromptStyle(
                chat.isPresent() ? "" : template.equals(AUTO) ? DEFAULT : template,
                chat.map(ChatFile::template).orElse(""),
                chat.map(ChatFile::file).orElse(""),
                chat.isPresent() ? user : "",
                specialTokens(json(folder, "special_tokens_map.json"), tokenizer),
                start(tokenizer),
                ids(json(folder, "generation_config.json").path("eos_token_id")));
    }

    /** {@code null} as JSON where the file is not there. */
    static JsonNode json(HfModelFolder folder, String file) {
        return HfModelFolder.json(
                folder.find(file).orElse("null"), folder.folder().resolve(file));
    }

    private static TreeMap<String, String> specialTokens(JsonNode... files) {
        TreeMap<String, String> tokens = new TreeMap<>();
        for (JsonNode file : files) { // the later one wins
            file.fields().forEachRemaining(e -> {
                JsonNode value = e.getValue().isObject() ? e.getValue().path("content") : e.getValue();
                if (e.getKey().matches("(bos|eos|unk|sep|pad|cls|mask)_token")) {
                    if (value.isTextual()) {
                        tokens.put(e.getKey(), value.asText());
                    } else if (value.isNull()) {
                        tokens.remove(e.getKey());
                    }
                }
            });
        }
        return tokens;
    }

    private static Start start(JsonNode tokenizer) {
        String type = tokenizer.path("tokenizer_class").asText().replace("Fast", "");
        if (!type.equals("LlamaTokenizer") && !type.equals("CodeLlamaTokenizer")) {
            return Start.TOKENIZER;
        }
        return tokenizer.path("add_bos_token").asBoolean(true) ? Start.ALWAYS : Start.NEVER;
    }

    /** One id, a list of them, or none. */
    public static List<Integer> ids(JsonNode node) {
        List<Integer> ids = new ArrayList<>();
        if (node.isInt()) {
            ids.add(node.asInt());
        }
        node.forEach(id -> ids.add(id.asInt()));
        return ids;
    }

    /** Whether prompts come from the model's chat template. */
    public boolean isChat() {
        return !chatTemplate.isEmpty();
    }

    /** The model's chat template. */
    public ChatTemplate chat() {
        return new ChatTemplate(chatTemplate, specialTokens);
    }

    /** Whether a prompt already begins with the start token, so that the tokenizer must not add another. */
    public boolean isStarted(String prompt) {
        String start = specialTokens.get("bos_token");
        return start != null && !start.isEmpty() && prompt.startsWith(start);
    }

    /** All that prompts and answers depend on besides config and tokenizer: texts, with NUL between them. */
    public String identity() {
        return String.join(
                "\u0000", template, chatTemplate, user, specialTokens.toString(), ends.toString(), start.toString());
    }

    /** A chat template and where it stands. */
    private record ChatFile(String template, String file) {

        /** In the order in which transformers looks: the processor's files, then the tokenizer's. */
        static Optional<ChatFile> find(HfModelFolder folder) {
            return in(folder, "chat_template.json")
                    .or(() -> folder.find("chat_template.jinja").map(t -> new ChatFile(t, "chat_template.jinja")))
                    .or(() -> in(folder, "processor_config.json"))
                    .or(() -> in(folder, "tokenizer_config.json"))
                    .filter(t -> !t.template.isBlank());
        }

        private static Optional<ChatFile> in(HfModelFolder folder, String file) {
            JsonNode node = json(folder, file).path("chat_template");
            if (node.isTextual()) {
                return Optional.of(new ChatFile(node.asText(), file));
            }
            for (JsonNode named : node) {
                if (named.path("name").asText().equals("default")) {
                    return Optional.of(new ChatFile(named.path("template").asText(), file));
                }
            }
            return Optional.empty();
        }
    }
}
