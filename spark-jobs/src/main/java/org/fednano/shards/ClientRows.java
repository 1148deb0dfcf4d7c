package org.fednano.shards;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.fednano.rows.BadValue;
import org.fednano.rows.BadValue.Kind;
import org.fednano.rows.MediumValue;
import org.fednano.rows.ParquetValues;
import org.fednano.rows.Values;
import org.fednano.sample.Medium;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;

/**
 * One client's own rows, read with Parquet's and Hadoop's readers, segment by segment in file order; client and split come
 * from the path. Runs where the client runs.
 */
public final class ClientRows {

    private static final List<String> REQUIRED = List.of("sample_id", "question", "answer");
    private static final String IMAGE = "image";
    private static final String MEDIA = "media";

    private static final List<String> TEXTS =
            List.of("context", "choices", "answer_index", "task", "category", "source");
    private static final List<String> TEXTS_AND_MEDIA =
            Stream.concat(TEXTS.stream(), Stream.of(IMAGE, MEDIA)).toList();

    /** What a question is answered by. */
    public static final List<String> ASKED = List.of("context", "choices", IMAGE, MEDIA);

    private final FileSystem files;
    private final ClientLocation place;

    public ClientRows(FileSystem files, ClientLocation place) {
        this.files = files;
        this.place = place;
    }

    /**
     * Passes on the rows of a split, pictures too, until the visitor answers false.
     *
     * @throws JobException with status 3 if a file cannot be read or lacks a column
     */
    public void read(Split split, Predicate<Sample> rows) {
        for (String segment : place.segments()) {
            if (!read(segment, split, true, rows)) {
                return;
            }
        }
    }

    /** The same without the pictures: their columns are not touched on disk. */
    public void readTexts(Split split, Predicate<Sample> rows) {
        for (String segment : place.segments()) {
            if (!read(segment, split, false, rows)) {
                return;
            }
        }
    }

    /** Passes on the rows of one segment's split. */
    public void read(String segment, Split split, Predicate<Sample> rows) {
        read(segment, split, true, rows);
    }

    private boolean read(String segment, Split split, boolean images, Predicate<Sample> rows) {
        for (FileStatus file : list(segment, split)) {
            List<String> optional = images ? TEXTS_AND_MEDIA : TEXTS;
            if (!readFile(files, file.getPath(), REQUIRED, optional, place.id(), split, rows)) {
                return false;
            }
        }
        return true;
    }

    private List<FileStatus> list(String segment, Split split) {
        return ShardPaths.parquetFiles(files, ShardPaths.split(place.rows(segment), split));
    }

    /** Rows of a split, from the files' footers. */
    public long count(Split split) {
        long rows = 0;
        for (String segment : place.segments()) {
            for (FileStatus file : list(segment, split)) {
                try (ParquetRows parquet = ParquetRows.open(files, file.getPath(), List.of("sample_id"), List.of())) {
                    rows += parquet.count();
                }
            }
        }
        return rows;
    }

    /** Training rows, at least one: fails with status 3 without any; the message names where they should be. */
    public long requireTrainingRows() {
        long rows = count(Split.TRAIN);
        if (rows == 0) {
            throw JobException.badInput("Client " + place.id() + " needs at least one training row in "
                    + place.trainingRows()
                    + ": found none. Leave the client out, prepare the shards with more rows per"
                    + " client (prepare.min_samples), or, with a catalogue, widen run.data_since to run.data_until.");
        }
        return rows;
    }

    /**
     * Passes on rows of one Parquet file with columns of a shard; answers whether the visitor wants more.
     *
     * @param required columns that must be there
     * @param optional columns that are read where they are
     * @throws JobException with status 3 if a column is missing or holds something else; the message names row and column
     */
    public static boolean readFile(
            FileSystem files,
            Path file,
            List<String> required,
            List<String> optional,
            String clientId,
            Split split,
            Predicate<Sample> rows) {
        try (ParquetRows parquet = ParquetRows.open(files, file, required, optional)) {
            long number = 1;
            for (Group row = parquet.next(); row != null; row = parquet.next(), number++) {
                Sample sample;
                try {
                    sample = sample(ParquetValues.object(row, parquet.columns()), clientId, split);
                } catch (BadValue e) {
                    throw JobException.badInput("Row " + number + " of " + file + ": " + e.getMessage()
                            + ". Correct the row or leave it out.");
                }
                if (!rows.test(sample)) {
                    return false;
                }
            }
            return true;
        }
    }

    private static Sample sample(JsonNode row, String clientId, Split split) throws BadValue {
        List<String> choices = Values.choices(row.path("choices"), "choices");
        return new Sample(
                Values.needed(row, "sample_id"),
                clientId,
                split,
                media(row),
                question(row),
                text(row, "context"),
                choices,
                row.has("answer") ? Values.needed(row, "answer") : "",
                answerIndex(row.path("answer_index"), choices.size()),
                Values.word(row.path("task"), "task"),
                Values.word(row.path("category"), "category"),
                text(row, "source"));
    }

    private static String text(JsonNode row, String column) throws BadValue {
        return Values.text(row.path(column), column, "");
    }

    private static String question(JsonNode row) throws BadValue {
        String question = text(row, "question");
        if (question.isBlank()) {
            throw new BadValue(Kind.TYPE, "'question' must be a text: found " + Values.found(row.path("question")));
        }
        return question;
    }

    private static int answerIndex(JsonNode index, int choices) throws BadValue {
        if (Values.isNone(index)) {
            return -1;
        }
        int i = Values.integer(index).orElse(choices);
        if (i < -1 || i >= choices) {
            throw new BadValue(
                    Kind.TYPE,
                    "'answer_index' must be an index into " + choices + " choices, or -1: found "
                            + Values.found(index));
        }
        return i;
    }

    /** The pictures of column {@code image} first, then what column {@code media} lists; old shards have only the former. */
    private static List<Medium> media(JsonNode row) throws BadValue {
        List<Medium> media = new ArrayList<>();
        add(media, Medium.IMAGE, row.path(IMAGE), IMAGE);
        for (JsonNode medium : row.path(MEDIA)) {
            if (!medium.isNull()) {
                add(media, Values.needed(medium, "modality"), medium.path("bytes"), "media.bytes");
            }
        }
        return media;
    }

    private static void add(List<Medium> media, String modality, JsonNode value, String column) throws BadValue {
        for (MediumValue medium : MediumValue.of(value, column)) {
            if (medium instanceof MediumValue.Bytes file) {
                media.add(new Medium(modality, file.bytes()));
            } else if (medium instanceof MediumValue.Name name) {
                throw new BadValue(
                        Kind.TYPE,
                        "'" + column + "' must hold the file's bytes: found the path '" + name.path()
                                + "', which is not read here");
            }
        }
    }
}
