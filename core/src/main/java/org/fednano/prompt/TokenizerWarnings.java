package org.fednano.prompt;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.ModelType;

/** Where a folder's tokenizer and the ids that its model declares contradict each other: both may be read, one is wrong. */
public final class TokenizerWarnings {

    private static final int NONE = -1;

    private final HfModelFolder folder;
    private final TokenizerFile tokenizer;
    private final List<String> warnings = new ArrayList<>();

    private TokenizerWarnings(HfModelFolder folder) {
        this.folder = folder;
        tokenizer = TokenizerFile.of(folder);
    }

    /**
     * One sentence for each contradiction; none for a folder without {@code tokenizer.json}.
     *
     * @throws JobException with status 3 if the tokenizer is corrupt, or has ids that the embedding table has no rows for
     */
    public static List<String> of(HfModelFolder folder) {
        if (folder.find("tokenizer.json").isEmpty()) {
            return List.of();
        }
        TokenizerWarnings found = new TokenizerWarnings(folder);
        PromptStyle style = PromptStyle.of(folder, Settings.defaults());
        for (String role : List.of("bos", "eos", "pad")) {
            found.compare(role, style.specialTokens().get(role + "_token"));
        }
        found.compareImage();
        return List.copyOf(found.warnings);
    }

    private void compare(String role, String text) {
        TreeSet<Integer> declared =
                new TreeSet<>(); // any of them will do: releases of transformers read one or the other
        declared.addAll(PromptStyle.ids(folder.config().path(role + "_token_id")));
        declared.addAll(PromptStyle.ids(folder.config().path("text_config").path(role + "_token_id")));
        folder.generationConfig().ifPresent(json -> declared.addAll(PromptStyle.ids(json.path(role + "_token_id"))));
        declared.removeIf(id -> id < 0);
        if (text == null || text.isEmpty()) {
            return; // a model may declare a start token that its tokenizer never writes
        }
        OptionalInt id = tokenizer.id(text);
        if (id.isEmpty()) {
            warn(role + "_token '" + text + "' of the tokenizer is not in tokenizer.json");
        } else if (!declared.isEmpty() && !declared.contains(id.getAsInt())) {
            warn(role + "_token '" + text + "' of the tokenizer has id " + id.getAsInt()
                    + ", but the model's configs declare "
                    + role + "_token_id "
                    + (declared.size() == 1 ? declared.first() : declared));
        }
    }

    /** Processors name the image token by its text, models by its id. */
    private void compareImage() {
        int declared = ModelType.imageToken(folder.config(), NONE);
        for (String file : List.of("processor_config.json", "tokenizer_config.json")) {
            JsonNode token = HfModelFolder.json(
                            folder.find(file).orElse("{}"), folder.folder().resolve(file))
                    .path("image_token");
            String text = token.path("content").asText(token.asText());
            if (declared != NONE && !text.isEmpty()) {
                int id = tokenizer.id(text).orElse(NONE);
                if (id != declared) {
                    warn("image_token '" + text + "' in " + file + " has "
                            + (id == NONE ? "no id in tokenizer.json" : "id " + id)
                            + ", but config.json declares image_token_index " + declared);
                }
            }
        }
    }

    private void warn(String what) {
        warnings.add(what + ": tokenizer and model of " + folder.folder()
                + " may not belong together. Compare the ids of a few texts with the original model's.");
    }
}
