package org.fednano.prep;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.IntNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.fednano.prep.Reject.Reason;
import org.fednano.sample.Split;
import org.fednano.settings.DataKeys;
import org.fednano.settings.Settings;

/** Fields of a record as every layout reads them; what does not fit is a reject with the value that was found. */
final class RecordFields implements Serializable {

    private static final long serialVersionUID = 1L;

    /** A name that can be one folder of a path: it never leaves where it is put, on any file system. */
    private static final Pattern SAFE_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    private static final int MAX_ID = 1024;

    /** What Jackson tells those who program with it. */
    private static final Pattern PARSERS_OWN =
            Pattern.compile(": enable `.*| \\(start marker at .*| \\(for Object starting at .*", Pattern.DOTALL);

    /** Texts may be as long as their record, whose length is limited; a name twice in one object has no one meaning. */
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final boolean needsOwner;
    private final String defaultSplit;
    private final String splitColumn;

    RecordFields(Settings settings) {
        this.needsOwner = settings.get(DataKeys.SPLIT).equals("owner");
        this.defaultSplit = settings.get(DataKeys.DEFAULT_SPLIT);
        String column = settings.get(DataKeys.SPLIT_COLUMN);
        this.splitColumn = ClientSplits.usesColumn(settings) && !ClientSplits.FIELDS.contains(column) ? column : "";
    }

    /** A record's text as an object. */
    static JsonNode parse(String json) throws Bad {
        JsonNode record;
        try {
            record = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            String found = PARSERS_OWN.matcher(e.getOriginalMessage()).replaceAll("");
            throw new Bad(Reason.BROKEN_RECORD, "not JSON: " + found);
        }
        if (!record.isObject()) {
            throw new Bad(Reason.BROKEN_RECORD, "a record must be a JSON object: found " + record.getNodeType());
        }
        return record;
    }

    /** A field's text, or {@code missing} where it is absent or null. */
    static String text(JsonNode record, String field, String missing) throws Bad {
        return textOf(record.path(field), field, missing);
    }

    /** The same of the field's own value. */
    static String textOf(JsonNode node, String field, String missing) throws Bad {
        if (node.isMissingNode() || node.isNull()) {
            return missing;
        }
        if (!node.isTextual()) {
            throw new Bad(Reason.BROKEN_RECORD, "'" + field + "' must be a text: found " + node.getNodeType());
        }
        return whole(node.asText(), field);
    }

    private static String whole(String text, String field) throws Bad {
        if (!IndexReader.whole(text)) {
            throw new Bad(Reason.BROKEN_ENCODING, "'" + field + "' holds half of a surrogate pair");
        }
        return text;
    }

    /** A field that may be a text or a number, stripped; empty where there is none. */
    static String word(JsonNode node, String field) throws Bad {
        if (node.isMissingNode() || node.isNull()) {
            return "";
        }
        if (!node.isValueNode() || node.isBinary()) {
            throw new Bad(
                    Reason.BROKEN_RECORD, "'" + field + "' must be a text or a number: found " + node.getNodeType());
        }
        return whole(node.asText(), field).strip();
    }

    /** An id that is safe to name a folder of the raw data set. */
    static void folderName(String id) throws Bad {
        name(id);
        if (id.isEmpty() || id.equals(".") || id.equals("..") || id.indexOf('/') >= 0 || id.indexOf(0) >= 0) {
            throw new Bad(
                    Reason.UNSAFE_PATH, "the id names its folder: it must hold no '/' and not be '', '.' or '..'");
        }
    }

    /** An id that can name a sample. */
    static void name(String id) throws Bad {
        if (id.indexOf('\uFFFD') >= 0) {
            throw new Bad(Reason.BROKEN_ENCODING, "the id's bytes are no UTF-8; convert the file, as with iconv");
        }
        if (id.length() > MAX_ID) {
            throw new Bad(Reason.BROKEN_RECORD, "an id may have " + MAX_ID + " characters: found " + id.length());
        }
    }

    static String question(String text) throws Bad {
        if (text.isBlank()) {
            throw new Bad(Reason.EMPTY_QUESTION, "the question has no text");
        }
        return text.strip();
    }

    /** Two or more texts. */
    static List<String> choices(JsonNode node) throws Bad {
        List<String> choices = new ArrayList<>();
        for (JsonNode choice : node) {
            if (!choice.isValueNode() || choice.isBinary() || choice.asText().isBlank()) {
                throw new Bad(Reason.BAD_CHOICES, "each choice must be a text: found " + choice);
            }
            choices.add(whole(choice.asText(), "choices").strip());
        }
        if (!node.isArray() || choices.size() < 2) {
            throw new Bad(Reason.BAD_CHOICES, "a list of two or more choices is needed: found " + node);
        }
        return choices;
    }

    /** Which of {@code count} choices is right, counted from 0. */
    static int answerIndex(JsonNode answer, int count) throws Bad {
        if (answer.isMissingNode() || answer.isNull()) {
            throw new Bad(Reason.EMPTY_ANSWER, "the index of the right choice is needed: found none");
        }
        if (!answer.canConvertToInt() || !answer.isIntegralNumber() || answer.asInt() < 0 || answer.asInt() >= count) {
            throw new Bad(
                    Reason.ANSWER_OUTSIDE_CHOICES,
                    "the answer must be an index from 0 to " + (count - 1) + ": found " + answer);
        }
        return answer.asInt();
    }

    /** A whole number that came as a floating-point one, as data frames with gaps write them; any other value as it is. */
    static JsonNode wholeNumber(JsonNode number) {
        boolean whole = number.isFloatingPointNumber() && number.asDouble() == Math.rint(number.asDouble());
        return whole && number.canConvertToInt() ? IntNode.valueOf(number.intValue()) : number;
    }

    static String freeAnswer(JsonNode answer) throws Bad {
        if (!answer.isValueNode()
                || answer.isNull()
                || answer.isBinary()
                || answer.asText().isBlank()) {
            throw new Bad(Reason.EMPTY_ANSWER, "the answer's text is needed: found " + answer);
        }
        return whole(answer.asText(), "answer").strip();
    }

    /** The split that a release's record or its list of splits gives, which must not differ. */
    static Split split(JsonNode record, RawSpan span) throws Bad {
        String own = text(record, "split", "").strip();
        String listed = span.listedSplits();
        if (listed.contains(",") || !listed.isEmpty() && !own.isEmpty() && !listed.equals(own)) {
            throw new Bad(
                    Reason.SPLIT_CONFLICT,
                    "one split expected: " + JsonIndex.SPLITS + " says " + listed + ", the problem itself says '" + own
                            + "'");
        }
        return named(listed.isEmpty() ? own : listed);
    }

    /** The split of a record of its own, or {@code prepare.default_split} for an empty name. */
    Split splitOr(String name) throws Bad {
        return named(name.isEmpty() ? defaultSplit : name);
    }

    private static Split named(String name) throws Bad {
        return Split.of(name)
                .orElseThrow(() -> new Bad(
                        Reason.UNKNOWN_SPLIT, "split must be train, val, test or balanced: found '" + name + "'"));
    }

    /** {@code prepare.split_column} where it is to be read from the record itself; else empty. */
    String splitColumn() {
        return splitColumn;
    }

    /** What a record says in that column; empty if it says nothing. */
    String column(JsonNode record) throws Bad {
        return column(record::path);
    }

    /** The same of a record that is read by names. */
    String column(Function<String, JsonNode> record) throws Bad {
        return splitColumn.isEmpty() ? "" : word(record.apply(splitColumn), splitColumn);
    }

    /** Whether a text can be a client's id as it is. */
    static boolean isClientId(String text) {
        return SAFE_NAME.matcher(text).matches();
    }

    /** The client that a record names: the name of a folder, hence the narrow rule. */
    String owner(JsonNode node) throws Bad {
        String owner = node.isIntegralNumber() ? node.asText() : textOf(node, "owner", null);
        if (needsOwner && (owner == null || !SAFE_NAME.matcher(owner).matches())) {
            throw new Bad(
                    Reason.BAD_OWNER,
                    "prepare.split = owner needs an owner that matches " + SAFE_NAME.pattern() + ": found " + node
                            + " (data without owners: prepare.split = iid or dirichlet)");
        }
        return owner;
    }
}
