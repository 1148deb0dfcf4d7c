package org.fednano.prep.source;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import org.fednano.settings.JobException;

/** Data sets whose records lie in files of any name: JSON arrays, JSON Lines, Parquet. */
public final class RecordFiles {

    private static final String PARQUET = ".parquet";

    private RecordFiles() {}

    /**
     * Finds the records of all files, in the order of the files.
     *
     * @param named the files to read; empty: those in the folder that end in one of the suffixes
     */
    public static RawIndex index(IndexFiles files, List<String> named, List<String> suffixes) throws IOException {
        List<RecordRange> ranges = new ArrayList<>();
        for (String name : files.choose(named, suffixes)) {
            files.count(name.getBytes(StandardCharsets.UTF_8));
            if (name.endsWith(PARQUET)) {
                ParquetRecords.index(files, name, ranges);
            } else if (name.endsWith(".json")) {
                new JsonIndex(files).array(name, ranges);
            } else {
                LineIndex.index(files, name, ranges);
            }
        }
        RawIndex index = new RawIndex(ranges, files.fingerprint());
        if (index.records() == 0) {
            throw JobException.badInput("The files in prepare.source = " + files.source()
                    + " must hold at least one record: found none. Name others with prepare.files.");
        }
        return index;
    }

    /**
     * Demands the columns of an index's Parquet files, and that they can be read.
     *
     * @param used columns that are read
     * @param columns receives the columns of each file and its name
     * @throws JobException with status 3 if one is missing, or compressed in a way that is not installed
     */
    public static void requireColumns(
            IndexFiles files, RawIndex index, Set<String> used, BiConsumer<Set<String>, String> columns)
            throws IOException {
        List<String> tables = index.ranges().stream()
                .filter(r -> r.layout() == RecordRange.Layout.ROW_GROUP)
                .map(RecordRange::file)
                .distinct()
                .toList();
        for (String table : tables) {
            ParquetRecords.require(files, table, used, columns);
        }
    }
}
