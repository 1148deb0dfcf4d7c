package org.fednano.prompt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.fednano.settings.JobException;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.ModelType;

/**
 * What {@code tokenizer.json} lists: ids of its vocabulary and of added tokens.
 *
 * @param json its text, completed by the added tokens that only {@code tokenizer_config.json} or
 *     {@code added_tokens.json} name
 * @param vocabulary ids by text
 * @param added ids of added tokens by text, a part of the vocabulary
 */
public record TokenizerFile(String json, Map<String, Integer> vocabulary, Map<String, Integer> added) {

    private static final String NAME = "tokenizer.json";
    private static final String TABLE = "language_model.model.embed_tokens.weight";

    /**
     * Reads a folder's.
     *
     * @throws JobException with status 3 if it is missing or corrupt, or names tokens that the embedding table lacks
     */
    public static TokenizerFile of(HfModelFolder folder) {
        if (folder.find(NAME).isEmpty() && folder.find("tokenizer.model").isPresent()) {
            throw JobException.badInput("File " + NAME + " expected in " + folder.folder() + ": found the older"
                    + " tokenizer.model alone. Convert it once with transformers: AutoTokenizer.from_pretrained(FOLDER)"
                    + ".save_pretrained(FOLDER).");
        }
        TokenizerFile file = parse(completed(folder));
        file.checkFits(folder);
        return file;
    }

    /** From its text. */
    public static TokenizerFile parse(String json) {
        JsonNode root = HfModelFolder.json(json, Path.of(NAME));
        Map<String, Integer> vocabulary = new HashMap<>();
        JsonNode vocab = root.path("model").path("vocab");
        if (vocab.isArray()) { // Unigram: pairs of text and score, the place is the id
            for (int id = 0; id < vocab.size(); id++) {
                vocabulary.put(vocab.get(id).path(0).asText(), id);
            }
        } else {
            vocab.fields()
                    .forEachRemaining(
                            e -> vocabulary.put(e.getKey(), e.getValue().asInt()));
        }
        Map<String, Integer> added = new TreeMap<>();
        root.path("added_tokens")
                .forEach(t -> added.put(t.path("content").asText(), t.path("id").asInt()));
        vocabulary.putAll(added);
        return new TokenizerFile(json, vocabulary, added);
    }

    /** Added tokens of the other files that tokenizer.json lacks, as transformers adds them. */
    private static String completed(HfModelFolder folder) {
        String json = folder.text(NAME);
        Map<Integer, ObjectNode> missing = new TreeMap<>();
        if (!(HfModelFolder.json(json, folder.folder().resolve(NAME)) instanceof ObjectNode root)) {
            throw JobException.badInput(
                    folder.folder().resolve(NAME) + " must be a JSON object: found another value. Copy it again.");
        }
        TokenizerFile known = parse(json);
        json(folder, "added_tokens.json")
                .fields()
                .forEachRemaining(
                        e -> missing.put(e.getValue().asInt(), root.objectNode().put("content", e.getKey())));
        json(folder, "tokenizer_config.json")
                .path("added_tokens_decoder")
                .fields()
                .forEachRemaining(e -> missing.put(id(folder, e.getKey()), token(folder, e.getKey(), e.getValue())));
        missing.values().removeIf(t -> known.added.containsKey(t.path("content").asText()));
        if (missing.isEmpty()) {
            return json;
        }
        ArrayNode tokens = root.withArray("added_tokens");
        missing.forEach((id, token) -> {
            ObjectNode entry = tokens.addObject().put("id", id);
            entry.put("content", token.path("content").asText());
            for (String flag : new String[] {"single_word", "lstrip", "rstrip", "normalized"}) {
                entry.put(flag, token.path(flag).asBoolean(false));
            }
            entry.put("special", token.path("special").asBoolean(true));
        });
        return root.toString();
    }

    private static int id(HfModelFolder folder, String key) {
        if (!key.matches("[0-9]{1,9}")) {
            throw wrongDecoder(folder, key);
        }
        return Integer.parseInt(key);
    }

    private static ObjectNode token(HfModelFolder folder, String key, JsonNode value) {
        if (value instanceof ObjectNode token) {
            return token.deepCopy();
        }
        throw wrongDecoder(folder, key);
    }

    private static JobException wrongDecoder(HfModelFolder folder, String key) {
        return JobException.badInput("added_tokens_decoder in "
                + folder.folder().resolve("tokenizer_config.json") + " must hold objects by token id: found an entry '"
                + key + "' that is none. Copy the file again.");
    }

    private static JsonNode json(HfModelFolder folder, String file) {
        return HfModelFolder.json(
                folder.find(file).orElse("{}"), folder.folder().resolve(file));
    }

    private void checkFits(HfModelFolder folder) {
        rows(folder).ifPresent(rows -> requireFits(rows, folder.config(), "the tokenizer in " + folder.folder()));
    }

    /**
     * Checks its ids; the image token needs no row of its own, since media stand in its place.
     *
     * @param rows of the embedding table
     * @throws JobException with status 3 if an id is larger
     */
    public void requireFits(int rows, JsonNode config, String where) {
        int image = ModelType.imageToken(config, -1);
        vocabulary.entrySet().stream()
                .filter(e -> e.getValue() != image)
                .max(Map.Entry.comparingByValue())
                .filter(e -> e.getValue() >= rows)
                .ifPresent(largest -> {
                    throw JobException.badInput("The embedding table must have a row for each id of " + where
                            + ": expected ids below " + rows + ", found " + largest.getValue() + " for '"
                            + largest.getKey() + "'. Tokenizer and model do not belong together.");
                });
    }

    /** Rows of the embedding table by the weights, or else by the config. */
    private static OptionalInt rows(HfModelFolder folder) {
        for (String name : new String[] {TABLE, "model.embed_tokens.weight"}) {
            if (folder.names().contains(name)) {
                return OptionalInt.of((int) folder.shape(name)[0]);
            }
        }
        JsonNode text = folder.config().has("text_config") ? folder.config().path("text_config") : folder.config();
        return text.has("vocab_size") ? OptionalInt.of(text.path("vocab_size").asInt()) : OptionalInt.empty();
    }

    /** Id of a token by its text. */
    OptionalInt id(String token) {
        Integer id = vocabulary.get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** Id of the longest added token that a text begins with. */
    Optional<Integer> addedAtStartOf(String text) {
        return added.entrySet().stream()
                .filter(e -> !e.getKey().isEmpty() && text.startsWith(e.getKey()))
                .max(Comparator.comparingInt(e -> e.getKey().length()))
                .map(Map.Entry::getValue);
    }
}
