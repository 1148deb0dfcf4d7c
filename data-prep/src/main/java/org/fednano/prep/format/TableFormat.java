package org.fednano.prep.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.fednano.prep.source.IndexFiles;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.RawIndex;
import org.fednano.prep.source.RawMedium;
import org.fednano.prep.source.RawRecord;
import org.fednano.prep.source.RecordFiles;
import org.fednano.prep.source.RecordRejected;
import org.fednano.prep.source.RejectReason;
import org.fednano.rows.MediumValue;
import org.fednano.rows.Values;
import org.fednano.rows.WrittenNumber;
import org.fednano.sample.Medium;

/**
 * Plain tables in Parquet or JSON Lines, a sample per row.
 *
 * @param named index files; empty: all in the folder
 */
record TableFormat(RecordFields fields, List<String> named, TableColumns columns) implements RawFormat {

    private static final Pattern WHOLE_NUMBER = Pattern.compile("\\s*-?[0-9]{1,18}(\\.0+)?\\s*");

    @Override
    public RawIndex index(IndexFiles files) throws IOException {
        RawIndex index = RecordFiles.index(files, named, List.of(".jsonl", ".parquet"));
        RecordFiles.requireColumns(files, index, usedColumns(), columns::require);
        return index;
    }

    @Override
    public Set<String> usedColumns() {
        return columns.used();
    }

    @Override
    public void check(RawRecord record, MediaFiles media, Consumer<RecordResult> results) throws IOException {
        String id = record.id();
        try {
            String own = RecordFields.word(columns.get(record.read(), "id"), "id");
            RecordFields.name(own);
            id = own.isEmpty() ? id : own;
            results.accept(sample(id, record.read(), record.source(), media));
        } catch (RecordRejected rejected) {
            results.accept(Reject.of(id, rejected, record));
        }
    }

    private RawSample sample(String id, JsonNode row, String source, MediaFiles media)
            throws RecordRejected, IOException {
        String question = RecordFields.question(text(row, "question"));
        JsonNode offered = columns.get(row, "choices");
        boolean none = offered.isMissingNode() || offered.isNull() || offered.isArray() && offered.isEmpty();
        boolean choose = !none;
        List<String> choices = choose ? RecordFields.choices(offered) : List.of();
        int index = choose ? index(row, choices) : -1;
        String answer = choose ? choices.get(index) : RecordFields.freeAnswer(columns.get(row, "answer"));
        String task = RecordFields.word(columns.get(row, "task"), "task");
        List<RawMedium> all = new ArrayList<>();
        media(Medium.IMAGE, columns.get(row, Medium.IMAGE), media, all);
        for (String modality : columns.furtherMedia()) {
            media(modality, columns.get(row, modality), media, all);
        }
        return new RawSample(
                id,
                fields.splitOr(text(row, "split").strip()),
                fields.owner(columns.get(row, "owner")),
                question,
                text(row, "context").strip(),
                choices,
                answer,
                index,
                !task.isEmpty() ? task : choose ? "choose_txt" : "fill_in_blank",
                RecordFields.word(columns.get(row, "category"), "category"),
                fields.column(name -> columns.get(row, name)),
                all,
                source);
    }

    private String text(JsonNode row, String meaning) throws RecordRejected {
        return RecordFields.textOf(columns.get(row, meaning), meaning, "");
    }

    /**
     * A number is an index from 0, in a column for indexes also where it is a text; another text is the choice itself or, if
     * it is none of them, a letter from A.
     */
    private int index(JsonNode row, List<String> choices) throws RecordRejected {
        JsonNode index = columns.get(row, "answer_index");
        boolean named = !Values.isNone(index);
        JsonNode answer = named ? index : columns.get(row, "answer");
        if (!answer.isTextual()
                || named && WHOLE_NUMBER.matcher(answer.asText()).matches()) {
            JsonNode number =
                    answer.isTextual() ? WrittenNumber.of(answer.asText().strip()) : answer;
            return RecordFields.answerIndex(number, choices.size());
        }
        String text = RecordFields.textOf(answer, "answer", "").strip();
        int same = choices.indexOf(text);
        if (same < 0 && text.length() == 1 && text.charAt(0) - 'A' >= 0 && text.charAt(0) - 'A' < choices.size()) {
            same = text.charAt(0) - 'A';
        }
        if (text.isEmpty()) {
            throw new RecordRejected(RejectReason.EMPTY_ANSWER, "the right choice is needed: found an empty text");
        }
        if (same < 0 || choices.lastIndexOf(text) > same) {
            throw new RecordRejected(
                    RejectReason.ANSWER_OUTSIDE_CHOICES,
                    "the answer must be exactly one of the choices " + choices + ", or its letter: found '" + text
                            + "'");
        }
        return same;
    }

    /** Adds the media of a column. */
    private static void media(String modality, JsonNode value, MediaFiles media, List<RawMedium> all)
            throws RecordRejected, IOException {
        for (MediumValue medium : RecordFields.read(() -> MediumValue.of(value, modality))) {
            all.add(media.medium(modality, medium));
        }
    }
}
