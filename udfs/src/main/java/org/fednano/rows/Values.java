package org.fednano.rows;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.fednano.rows.BadValue.Kind;

/** Values of a row by what their column should hold. */
public final class Values {

    private static final int SHOWN = 60;

    private Values() {}

    /** A text, or {@code missing} where there is none: absent or null. */
    public static String text(JsonNode node, String column, String missing) throws BadValue {
        if (isNone(node)) {
            return missing;
        }
        if (!node.isTextual()) {
            throw new BadValue(Kind.TYPE, "'" + column + "' must be a text: found " + found(node));
        }
        return whole(node.asText(), column);
    }

    /** A text or a number as its text; empty where there is none. */
    public static String word(JsonNode node, String column) throws BadValue {
        if (isNone(node)) {
            return "";
        }
        if (!isWord(node)) {
            throw new BadValue(Kind.TYPE, "'" + column + "' must be a text or a number: found " + found(node));
        }
        return whole(node.asText(), column);
    }

    /** The same of a column that must not be empty. */
    public static String needed(JsonNode row, String column) throws BadValue {
        String word = word(row.path(column), column);
        if (word.isBlank()) {
            throw new BadValue(
                    Kind.TYPE, "'" + column + "' must be a text or a number: found " + found(row.path(column)));
        }
        return word;
    }

    /** Whether a value is a text, a number, or true or false. */
    public static boolean isWord(JsonNode node) {
        return node.isValueNode() && !node.isBinary() && !isNone(node);
    }

    public static boolean isNone(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }

    /**
     * Texts to choose from. Nulls at the end only fill up a list of fixed length; one before a choice would leave open which
     * of them an index means. Nothing but nulls is no list of choices.
     *
     * @return none where the column has no list or an empty one: a free answer
     */
    public static List<String> choices(JsonNode node, String column) throws BadValue {
        if (!isNone(node) && !node.isArray()) {
            throw new BadValue(Kind.CHOICES, "'" + column + "' must be a list of texts: found " + found(node));
        }
        int count = node.size();
        while (count > 0 && node.get(count - 1).isNull()) {
            count--;
        }
        if (count == 0 && !node.isEmpty()) {
            throw new BadValue(Kind.CHOICES, "'" + column + "' must hold texts: found nothing but null");
        }
        List<String> choices = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            JsonNode choice = node.get(i);
            if (!isWord(choice) || choice.asText().isBlank()) {
                throw new BadValue(
                        Kind.CHOICES,
                        "each of '" + column + "' must be a text: found " + found(choice) + " as choice " + (i + 1));
            }
            choices.add(whole(choice.asText(), column));
        }
        return choices;
    }

    /** A whole number, also where it came with a fraction of zeros, as data frames with gaps write it. */
    public static OptionalInt integer(JsonNode node) {
        return node.isNumber() && node.canConvertToInt() && node.canConvertToExactIntegral()
                ? OptionalInt.of(node.intValue())
                : OptionalInt.empty();
    }

    /** Whether no half of a surrogate pair stands alone, as an escape in JSON can make it. */
    public static boolean whole(String text) {
        return text.codePoints().noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }

    private static String whole(String text, String column) throws BadValue {
        if (!whole(text)) {
            throw new BadValue(Kind.ENCODING, "'" + column + "' holds half of a surrogate pair");
        }
        return text;
    }

    /** The text of UTF-8 bytes; empty if they are none: nothing is replaced by question marks. */
    public static Optional<String> utf8(byte[] bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** A value in words, for messages. */
    public static String found(JsonNode node) {
        return switch (node.getNodeType()) {
            case MISSING -> "none";
            case NULL -> "null";
            case STRING -> "the text '" + cut(node.asText()) + "'";
            case NUMBER -> "the number " + cut(node.asText());
            case BOOLEAN -> node.asText();
            case BINARY -> "bytes that are not marked as text";
            case ARRAY -> "a list of " + node.size();
            default -> {
                List<String> names = new ArrayList<>();
                node.fieldNames().forEachRemaining(names::add);
                yield "an object with the fields " + cut(names.toString());
            }
        };
    }

    private static String cut(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, text.offsetByCodePoints(0, SHOWN / 2)) + "…";
    }
}
