package org.fednano.prep;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.fednano.settings.JobException;

/** Data sets whose records lie in files of any name: JSON arrays, JSON Lines, Parquet. */
final class RecordFiles {

    private static final String PARQUET = ".parquet";

    private RecordFiles() {}

    /**
     * Finds the records of all files, in the order of the files.
     *
     * @param named the files to read; empty: those in the folder that end in one of the suffixes
     */
    static RawIndex index(IndexFiles files, List<String> named, List<String> suffixes) throws IOException {
        List<RawSpan> spans = new ArrayList<>();
        for (String name : files.choose(named, suffixes)) {
            files.count(name.getBytes(StandardCharsets.UTF_8));
            if (isParquet(name)) {
                ParquetRecords.index(files, name, spans);
            } else if (name.endsWith(".json")) {
                new JsonIndex(files).array(name, spans);
            } else {
                LineIndex.lines(files, name, spans);
            }
        }
        long records = spans.stream()
                .mapToLong(s -> isParquet(s.file()) ? s.length() : 1)
                .sum();
        if (records == 0) {
            throw JobException.badInput("The files in prepare.source = " + files.source()
                    + " must hold at least one record: found none. Name others with prepare.files.");
        }
        return new RawIndex(spans, records, files.fingerprint());
    }

    static boolean isParquet(String name) {
        return name.endsWith(PARQUET);
    }
}
