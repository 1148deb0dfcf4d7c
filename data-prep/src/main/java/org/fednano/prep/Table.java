package org.fednano.prep;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.fednano.prep.Reject.Reason;
import org.fednano.rows.MediumValue;
import org.fednano.rows.ParquetValues;
import org.fednano.rows.Values;
import org.fednano.rows.WrittenNumber;
import org.fednano.sample.Medium;

/**
 * Plain tables in Parquet or JSON Lines, a sample per row.
 *
 * @param named index files; empty: all in the folder
 */
public record Table(RecordFields fields, List<String> named, TableColumns columns) implements RawFormat {

    private static final Pattern WHOLE_NUMBER = Pattern.compile("\\s*-?[0-9]{1,18}(\\.0+)?\\s*");

    @Override
    public RawIndex index(IndexFiles files) throws IOException {
        RawIndex index = RecordFiles.index(files, named, List.of(".jsonl", ".parquet"));
        List<String> tables = index.spans().stream()
                .map(RawSpan::file)
                .distinct()
                .filter(RecordFiles::isParquet)
                .toList();
        for (String table : tables) {
            ParquetRecords.require(files, table, columns);
        }
        return index;
    }

    @Override
    public void check(RawSpan span, RawFiles files, Consumer<Checked> outcomes) throws IOException {
        if (!RecordFiles.isParquet(span.file())) {
            String text = null;
            try {
                text = files.text(span);
                row(JsonRecord.parse(text), span.source(), text, files.media(), outcomes);
            } catch (Bad bad) {
                outcomes.accept(reject(span.source(), span.source(), bad, text));
            }
            return;
        }
        ParquetRecords.read(span, files, columns.used(), new ParquetRecords.Rows() {
            @Override
            public void row(long number, JsonNode row) throws IOException {
                Table.this.row(row, span.file() + "#" + number, null, files.media(), outcomes);
            }

            @Override
            public void bad(long number, Bad bad) {
                String source = span.file() + "#" + number;
                outcomes.accept(reject(source, source, bad, null));
            }
        });
    }

    private static Checked reject(String id, String source, Bad bad, String text) {
        return Checked.of(new Reject(id, bad.reason(), bad.getMessage(), source, text));
    }

    private void row(JsonNode row, String source, String text, MediaFiles media, Consumer<Checked> outcomes)
            throws IOException {
        String id = source;
        try {
            String own = RecordFields.word(columns.get(row, "id"), "id");
            RecordFields.name(own);
            id = own.isEmpty() ? source : own;
            outcomes.accept(Checked.of(sample(id, row, source, media)));
        } catch (Bad bad) {
            outcomes.accept(reject(id, source, bad, text == null ? ParquetValues.shown(row) : text));
        }
    }

    private Accepted sample(String id, JsonNode row, String source, MediaFiles media) throws Bad, IOException {
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
        return new Accepted(
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

    private String text(JsonNode row, String meaning) throws Bad {
        return RecordFields.textOf(columns.get(row, meaning), meaning, "");
    }

    /**
     * A number is an index from 0, in a column for indexes also where it is a text; another text is the choice itself or, if
     * it is none of them, a letter from A.
     */
    private int index(JsonNode row, List<String> choices) throws Bad {
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
            throw new Bad(Reason.EMPTY_ANSWER, "the right choice is needed: found an empty text");
        }
        if (same < 0 || choices.lastIndexOf(text) > same) {
            throw new Bad(
                    Reason.ANSWER_OUTSIDE_CHOICES,
                    "the answer must be exactly one of the choices " + choices + ", or its letter: found '" + text
                            + "'");
        }
        return same;
    }

    /** Adds the media of a column. */
    private static void media(String modality, JsonNode value, MediaFiles media, List<RawMedium> all)
            throws Bad, IOException {
        for (MediumValue medium : RecordFields.read(() -> MediumValue.of(value, modality))) {
            all.add(media.medium(modality, medium));
        }
    }
}
