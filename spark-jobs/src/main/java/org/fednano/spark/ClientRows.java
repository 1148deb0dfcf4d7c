package org.fednano.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
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
    private static final List<String> OPTIONAL =
            List.of("context", "choices", "answer_index", "task", "category", "source");

    private static final String IMAGE = "image";
    private static final String MEDIA = "media";

    private final FileSystem files;
    private final ClientPlace place;

    ClientRows(FileSystem files, ClientPlace place) {
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
    void read(String segment, Split split, Predicate<Sample> rows) {
        read(segment, split, true, rows);
    }

    private boolean read(String segment, Split split, boolean images, Predicate<Sample> rows) {
        for (FileStatus file : list(segment, split)) {
            if (!readFile(files, file.getPath(), REQUIRED, place.id(), split, images, rows)) {
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
    long requireTrainingRows() {
        long rows = count(Split.TRAIN);
        if (rows == 0) {
            throw JobException.badInput("Client " + place.id() + " needs at least one training row in "
                    + place.trainingRows()
                    + ": found none. Leave the client out, prepare the shards with more rows per"
                    + " client (prepare.min_samples), or, with a catalogue, widen run.data_since to run.data_until.");
        }
        return rows;
    }

    /** Passes on rows of one Parquet file with the columns of a shard; answers whether the visitor wants more. */
    static boolean readFile(
            FileSystem files,
            Path file,
            List<String> required,
            String clientId,
            Split split,
            boolean images,
            Predicate<Sample> rows) {
        List<String> optional = new ArrayList<>(OPTIONAL);
        if (images) {
            optional.add(IMAGE);
            optional.add(MEDIA);
        }
        try (ParquetRows parquet = ParquetRows.open(files, file, required, optional)) {
            long at = 0;
            for (Group row = parquet.next(); row != null; row = parquet.next(), at++) {
                if (!rows.test(sample(parquet, row, file, at, clientId, split))) {
                    return false;
                }
            }
            return true;
        }
    }

    private static Sample sample(ParquetRows parquet, Group row, Path file, long at, String clientId, Split split) {
        try {
            return new Sample(
                    text(parquet, row, "sample_id"),
                    clientId,
                    split,
                    media(parquet, row),
                    text(parquet, row, "question"),
                    text(parquet, row, "context"),
                    texts(parquet, row, "choices"),
                    text(parquet, row, "answer"),
                    parquet.has("answer_index") && row.getFieldRepetitionCount("answer_index") > 0
                            ? row.getInteger("answer_index", 0)
                            : -1,
                    text(parquet, row, "task"),
                    text(parquet, row, "category"),
                    text(parquet, row, "source"));
        } catch (RuntimeException e) {
            throw JobException.badInput(
                    "Row " + at + " of " + file + " does not fit a shard's columns: " + e
                            + ". Expected texts, image bytes, media as a list of (modality, bytes), choices as a list of texts"
                            + " and answer_index as a 32-bit integer; make the shards again with `fednano prepare`.",
                    e);
        }
    }

    /** The picture of column {@code image} first, then what column {@code media} lists; old shards have only the former. */
    private static List<Medium> media(ParquetRows parquet, Group row) {
        List<Medium> media = new ArrayList<>();
        if (parquet.has(IMAGE) && row.getFieldRepetitionCount(IMAGE) > 0) {
            media.add(new Medium(Medium.IMAGE, row.getBinary(IMAGE, 0).getBytes()));
        }
        if (parquet.has(MEDIA) && row.getFieldRepetitionCount(MEDIA) > 0) {
            Group list = row.getGroup(MEDIA, 0);
            for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
                Group medium = list.getGroup(0, i).getGroup(0, 0);
                media.add(new Medium(
                        medium.getString("modality", 0),
                        medium.getBinary("bytes", 0).getBytes()));
            }
        }
        return media;
    }

    private static String text(ParquetRows parquet, Group row, String column) {
        return parquet.has(column) && row.getFieldRepetitionCount(column) > 0 ? row.getString(column, 0) : "";
    }

    /** A standard three-level list of texts; nulls in it become empty texts. */
    private static List<String> texts(ParquetRows parquet, Group row, String column) {
        if (!parquet.has(column) || row.getFieldRepetitionCount(column) == 0) {
            return List.of();
        }
        Group list = row.getGroup(column, 0);
        int size = list.getFieldRepetitionCount(0);
        List<String> texts = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            Group item = list.getGroup(0, i);
            texts.add(item.getFieldRepetitionCount(0) > 0 ? item.getString(0, 0) : "");
        }
        return texts;
    }
}
