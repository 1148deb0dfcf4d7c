package org.fednano.prep;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.fednano.prep.OutputFiles.OutputFile;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.SourceConfig;
import org.fednano.prep.split.ClientAssignment;
import org.fednano.sample.Split;

/**
 * Brings staged records to their files, in tasks.
 *
 * @param firstRanks rank of the first sample of each bucket, by group and split
 */
record ShardWriting(
        ClientAssignment assignment, OutputFiles files, Map<Integer, Map<String, long[]>> firstRanks, boolean withMedia)
        implements Serializable {

    static final String SLOT = "slot";

    private static final int FILE = StagedRecord.SCHEMA.size() + 1;

    /** Columns to sort by: files, then ids as Java compares them, of rejects also their texts. */
    static final List<String> ORDER = List.of("file", "id_order", "text_order", StagedRecord.POSITION);

    /** Columns of a record with its file. */
    static final StructType SCHEMA = new StructType(
                    Arrays.copyOf(StagedRecord.SCHEMA.fields(), StagedRecord.SCHEMA.size()))
            .add(SLOT, DataTypes.IntegerType)
            .add(ORDER.get(0), DataTypes.IntegerType)
            .add(ORDER.get(1), DataTypes.StringType)
            .add(ORDER.get(2), DataTypes.StringType);

    /** What a task made of a file. */
    record Written(int file, ShardFiles.Content content) implements Serializable {}

    /** Gives records their files; they come in the order of the draw. */
    Iterator<Row> assign(Iterator<Row> records) {
        Map<String, long[]> ranks = new HashMap<>();
        int[] bucket = {-1};
        StagedRecord.Duplicates duplicates = new StagedRecord.Duplicates();
        return Iterators.map(records, staged -> {
            Row row = duplicates.isDuplicate(staged) ? StagedRecord.duplicate(staged) : staged;
            if (bucket[0] != StagedRecord.bucket(row)) {
                bucket[0] = StagedRecord.bucket(row);
                ranks.clear();
                firstRanks.getOrDefault(bucket[0], Map.of()).forEach((group, first) -> ranks.put(group, first.clone()));
            }
            return withFile(row, StagedRecord.isReject(row) ? rejectFile(row) : shard(row, ranks));
        });
    }

    private int rejectFile(Row row) {
        return files.rejects(StagedRecord.reject(row).reason().text());
    }

    private int shard(Row row, Map<String, long[]> ranks) {
        String group = StagedRecord.group(row);
        Split split = StagedRecord.split(row);
        long rank = ranks.get(group)[split.ordinal()]++;
        return files.shard(assignment.client(StagedRecord.position(row), group, split, rank), split);
    }

    private Row withFile(Row row, int file) {
        Object[] values = new Object[SCHEMA.size()];
        for (int c = 0; c < row.size(); c++) {
            values[c] = row.get(c);
        }
        values[FILE - 1] = files.slot(file);
        values[FILE] = file;
        values[FILE + 1] = order(StagedRecord.id(row));
        values[FILE + 2] = StagedRecord.isReject(row)
                ? order(String.valueOf(StagedRecord.reject(row).record()))
                : null;
        return RowFactory.create(values);
    }

    /**
     * Returns a text whose UTF-8 sorts as the given text does in Java, by 16-bit units: surrogates stand before the last
     * characters of the basic plane. Most texts are their own.
     */
    static String order(String text) {
        if (text.chars().allMatch(c -> c < Character.MIN_SURROGATE)) {
            return text;
        }
        StringBuilder order = new StringBuilder();
        text.chars()
                .forEach(c -> order.appendCodePoint(
                        c < Character.MIN_SURROGATE
                                ? c
                                : c <= Character.MAX_SURROGATE
                                        ? c + 0x800
                                        : c - 0xE000 + Character.MIN_SUPPLEMENTARY_CODE_POINT));
        return order.toString();
    }

    /**
     * Writes a task's files.
     *
     * @param records sorted by {@link #ORDER}
     * @param home folder of the output, URI
     */
    Iterator<Written> write(Iterator<Row> records, String home, SourceConfig config, Configuration hadoop) {
        FileRows rows = new FileRows(records);
        Iterator<Integer> written = new Iterator<>() {
            @Override
            public boolean hasNext() {
                return rows.nextFile() >= 0;
            }

            @Override
            public Integer next() {
                return rows.begin();
            }
        };
        return Iterators.map(written, file -> {
            try {
                return new Written(file, write(files.files().get(file), rows, home, config, hadoop));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private ShardFiles.Content write(
            OutputFile file, Iterator<Row> rows, String home, SourceConfig config, Configuration hadoop)
            throws IOException {
        Path folder = new Path(home, file.folder());
        if (!file.isShard()) {
            ShardFiles.writeRejects(folder, Iterators.map(rows, StagedRecord::reject), hadoop);
            return null;
        }
        String client = assignment.clients().get(file.client());
        try (MediaFiles media = new MediaFiles(config, hadoop)) {
            return ShardFiles.writeShard(
                    folder, client, media, Iterators.map(rows, StagedRecord::sample), withMedia, hadoop);
        }
    }

    /** The rows of one file after the other. */
    private static final class FileRows implements Iterator<Row> {

        private final Iterator<Row> rows;
        private Row ahead;
        private int file = -1;

        private FileRows(Iterator<Row> rows) {
            this.rows = rows;
        }

        /** Returns the file of the next row, or −1 behind the last one. */
        private int nextFile() {
            if (ahead == null && rows.hasNext()) {
                ahead = rows.next();
            }
            return ahead == null ? -1 : ahead.getInt(FILE);
        }

        private int begin() {
            file = nextFile();
            return file;
        }

        @Override
        public boolean hasNext() {
            return nextFile() == file;
        }

        @Override
        public Row next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Row row = ahead;
            ahead = null;
            return row;
        }
    }
}
