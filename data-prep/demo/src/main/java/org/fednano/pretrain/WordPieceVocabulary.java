package org.fednano.pretrain;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A lower-casing WordPiece tokenizer: special tokens, every printable ASCII character as a first and as a further piece,
 * so that any English text has tokens, then whole words in alphabetical order. The same words give the same file.
 */
final class WordPieceVocabulary {

    static final String PAD = "<pad>";
    static final String UNKNOWN = "<unk>";
    static final String START = "<s>";
    static final String END = "</s>";
    static final String IMAGE = "<image>";

    private static final List<String> SPECIAL = List.of(PAD, UNKNOWN, START, END, IMAGE);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final List<String> pieces;

    private WordPieceVocabulary(List<String> pieces) {
        this.pieces = List.copyOf(pieces);
    }

    /** The vocabulary whose whole words are those of the texts. */
    static WordPieceVocabulary of(Iterable<String> texts) {
        LinkedHashSet<String> pieces = new LinkedHashSet<>(SPECIAL);
        for (char c = '!'; c <= '~'; c++) {
            // Upper case never reaches the model: the normaliser lowers it.
            if (!Character.isUpperCase(c)) {
                pieces.add(String.valueOf(c));
            }
        }
        for (char c = '!'; c <= '~'; c++) {
            // Punctuation is split off before, so only letters and digits can continue a word.
            if (Character.isLowerCase(c) || Character.isDigit(c)) {
                pieces.add("##" + c);
            }
        }
        pieces.addAll(words(texts));
        return new WordPieceVocabulary(new ArrayList<>(pieces));
    }

    private static SortedSet<String> words(Iterable<String> texts) {
        SortedSet<String> words = new TreeSet<>();
        for (String text : texts) {
            for (String word : text.toLowerCase(Locale.ROOT).split("[^a-z0-9]+")) {
                if (word.length() > 1) {
                    words.add(word);
                }
            }
        }
        return words;
    }

    /** V. */
    int size() {
        return pieces.size();
    }

    /** Id of a piece, or −1. */
    int id(String piece) {
        return pieces.indexOf(piece);
    }

    /** Text of {@code tokenizer.json}. */
    String tokenizerJson() {
        ObjectNode root = JSON.createObjectNode().put("version", "1.0");
        root.putNull("truncation");
        root.putNull("padding");
        ArrayNode added = root.putArray("added_tokens");
        for (String token : SPECIAL) {
            added.addObject()
                    .put("id", id(token))
                    .put("content", token)
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .put("special", true);
        }
        root.putObject("normalizer")
                .put("type", "BertNormalizer")
                .put("clean_text", true)
                .put("handle_chinese_chars", true)
                .put("strip_accents", true)
                .put("lowercase", true);
        root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
        root.putNull("post_processor");
        root.putObject("decoder").put("type", "WordPiece").put("prefix", "##").put("cleanup", true);
        ObjectNode model = root.putObject("model")
                .put("type", "WordPiece")
                .put("unk_token", UNKNOWN)
                .put("continuing_subword_prefix", "##")
                .put("max_input_chars_per_word", 100);
        ObjectNode vocabulary = model.putObject("vocab");
        for (int id = 0; id < pieces.size(); id++) {
            vocabulary.put(pieces.get(id), id);
        }
        return root.toPrettyString() + "\n";
    }

    /** Text of {@code tokenizer_config.json}. */
    String tokenizerConfigJson() {
        ObjectNode root = JSON.createObjectNode()
                .put("tokenizer_class", "PreTrainedTokenizerFast")
                .put("pad_token", PAD)
                .put("unk_token", UNKNOWN)
                .put("bos_token", START)
                .put("eos_token", END)
                .put("image_token", IMAGE)
                .put("model_max_length", NanoLlava.MAX_POSITIONS)
                .put("clean_up_tokenization_spaces", false);
        return root.toPrettyString() + "\n";
    }
}
