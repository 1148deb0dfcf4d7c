package org.fednano.prep.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.fednano.prep.source.JsonIndex;
import org.fednano.prep.source.RawRecord;
import org.fednano.prep.source.RecordRejected;
import org.fednano.prep.source.RejectReason;
import org.fednano.rows.BadValue;
import org.fednano.rows.Values;
import org.fednano.sample.Split;
import org.fednano.settings.DataKeys;
import org.fednano.settings.Settings;

/** Fields of a record as every layout reads them; what does not fit is a reject with the value that was found. */
public final class RecordFields implements Serializable {

    private static final long serialVersionUID = 1L;

    /** A name that can be one folder of a path: it never leaves where it is put, on any file system. */
    private static final Pattern SAFE_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    private static final int MAX_ID = 1024;

    /** Fields of a sample that {@code prepare.split_column} can name; any other name is read from the raw record. */
    private static final Set<String> FIELDS = Set.of("answer", "task", "category", "owner");

    private final boolean needsOwner;
    private final String defaultSplit;
    private final String splitColumn;

    RecordFields(Settings settings) {
        this.needsOwner = settings.get(DataKeys.SPLIT).equals("owner");
        this.defaultSplit = settings.get(DataKeys.DEFAULT_SPLIT);
        String column = settings.get(DataKeys.SPLIT_COLUMN);
        this.splitColumn = usesColumn(settings) && !FIELDS.contains(column) ? column : "";
    }

    /** Whether the split goes by {@code prepare.split_column}. */
    private static boolean usesColumn(Settings settings) {
        return Set.of("column", "dirichlet", "categories").contains(settings.get(DataKeys.SPLIT));
    }

    /** A field's text, or {@code missing} where it is absent or null. */
    static String text(JsonNode record, String field, String missing) throws RecordRejected {
        return textOf(record.path(field), field, missing);
    }

    /** The same of the field's own value. */
    static String textOf(JsonNode node, String field, String missing) throws RecordRejected {
        return read(() -> Values.text(node, field, missing));
    }

    /** A field that may be a text or a number, stripped; empty where there is none. */
    static String word(JsonNode node, String field) throws RecordRejected {
        return read(() -> Values.word(node, field)).strip();
    }

    /** Reads a value by the rules of all tables. */
    interface Reading<T> {
        T value() throws BadValue;
    }

    static <T> T read(Reading<T> reading) throws RecordRejected {
        try {
            return reading.value();
        } catch (BadValue e) {
            throw RecordRejected.of(e);
        }
    }

    /** An id that is safe to name a folder of the raw data set. */
    static void folderName(String id) throws RecordRejected {
        name(id);
        if (id.isEmpty() || id.equals(".") || id.equals("..") || id.indexOf('/') >= 0 || id.indexOf(0) >= 0) {
            throw new RecordRejected(
                    RejectReason.UNSAFE_PATH,
                    "the id names its folder: it must hold no '/' and not be '', '.' or '..'");
        }
    }

    /** An id that can name a sample. */
    static void name(String id) throws RecordRejected {
        if (id.indexOf('\uFFFD') >= 0) {
            throw new RecordRejected(
                    RejectReason.BROKEN_ENCODING, "the id's bytes are no UTF-8; convert the file, as with iconv");
        }
        if (id.length() > MAX_ID) {
            throw new RecordRejected(
                    RejectReason.BROKEN_RECORD, "an id may have " + MAX_ID + " characters: found " + id.length());
        }
    }

    static String question(String text) throws RecordRejected {
        if (text.isBlank()) {
            throw new RecordRejected(RejectReason.EMPTY_QUESTION, "the question has no text");
        }
        return text.strip();
    }

    /** Two or more texts, as {@link Values#choices} reads them. */
    static List<String> choices(JsonNode node) throws RecordRejected {
        List<String> choices = read(() -> Values.choices(node, "choices"));
        if (choices.size() < 2) {
            throw new RecordRejected(
                    RejectReason.BAD_CHOICES,
                    "two or more choices are needed: found " + choices.size() + " in " + Values.found(node));
        }
        return choices.stream().map(String::strip).toList();
    }

    /** Which of {@code count} choices is right, counted from 0: a whole number, however it is written. */
    static int answerIndex(JsonNode answer, int count) throws RecordRejected {
        if (answer.isMissingNode() || answer.isNull()) {
            throw new RecordRejected(RejectReason.EMPTY_ANSWER, "the index of the right choice is needed: found none");
        }
        int index = Values.integer(answer).orElse(-1);
        if (index < 0 || index >= count) {
            throw new RecordRejected(
                    RejectReason.ANSWER_OUTSIDE_CHOICES,
                    "the answer must be an index from 0 to " + (count - 1) + ": found " + Values.found(answer));
        }
        return index;
    }

    static String freeAnswer(JsonNode answer) throws RecordRejected {
        if (!Values.isWord(answer) || answer.asText().isBlank()) {
            throw new RecordRejected(
                    RejectReason.EMPTY_ANSWER, "the answer's text is needed: found " + Values.found(answer));
        }
        return word(answer, "answer");
    }

    /** The split that a release's record or its list of splits gives, which must not differ. */
    static Split split(RawRecord record) throws RecordRejected {
        String own = text(record.read(), "split", "").strip();
        String listed = record.listedSplits();
        if (listed.contains(",") || !listed.isEmpty() && !own.isEmpty() && !listed.equals(own)) {
            throw new RecordRejected(
                    RejectReason.SPLIT_CONFLICT,
                    "one split expected: " + JsonIndex.SPLITS + " says " + listed + ", the problem itself says '" + own
                            + "'");
        }
        return named(listed.isEmpty() ? own : listed);
    }

    /** The split of a record of its own, or {@code prepare.default_split} for an empty name. */
    Split splitOr(String name) throws RecordRejected {
        return named(name.isEmpty() ? defaultSplit : name);
    }

    private static Split named(String name) throws RecordRejected {
        return Split.of(name)
                .orElseThrow(() -> new RecordRejected(
                        RejectReason.UNKNOWN_SPLIT,
                        "split must be train, val, test or balanced: found '" + name + "'"));
    }

    /** {@code prepare.split_column} where it is to be read from the record itself; else empty. */
    String splitColumn() {
        return splitColumn;
    }

    /** What a record says in that column; empty if it says nothing. */
    String column(JsonNode record) throws RecordRejected {
        return column(record::path);
    }

    /** The same of a record that is read by names. */
    String column(Function<String, JsonNode> record) throws RecordRejected {
        return splitColumn.isEmpty() ? "" : word(record.apply(splitColumn), splitColumn);
    }

    /** Whether a text can be a client's id as it is. */
    public static boolean isClientId(String text) {
        return SAFE_NAME.matcher(text).matches();
    }

    /** The client that a record names: the name of a folder, hence the narrow rule. */
    String owner(JsonNode node) throws RecordRejected {
        String owner = node.isNumber() ? node.asText() : textOf(node, "owner", null);
        if (needsOwner && (owner == null || !SAFE_NAME.matcher(owner).matches())) {
            throw new RecordRejected(
                    RejectReason.BAD_OWNER,
                    "prepare.split = owner needs an owner that matches " + SAFE_NAME.pattern() + ": found " + node
                            + " (data without owners: prepare.split = iid or dirichlet)");
        }
        return owner;
    }
}
