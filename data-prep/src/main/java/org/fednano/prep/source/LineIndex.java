package org.fednano.prep.source;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** Finds the lines of JSON Lines files: one record each, blank ones are none. */
final class LineIndex {

    private LineIndex() {}

    /** Receives lines in order. */
    interface Lines {

        /** A line from {@code from} to before {@code to}, however long; its text is not kept. */
        void line(long from, long to, long number);
    }

    /** Adds the ranges of a file. */
    static void index(IndexFiles files, String file, List<RecordRange> ranges) throws IOException {
        RecordRange.Builder range = new RecordRange.Builder(RecordRange.Layout.LINES, file, ranges);
        try (InputStream in = files.open(file)) {
            scan(in, 0, 1, range::add);
        }
        range.finish();
    }

    /** Passes on the lines of a stream that begins at byte {@code offset} of a file, with line {@code number}. */
    static void scan(InputStream in, long offset, long number, Lines lines) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long at = offset;
        long start = offset;
        long line = number;
        boolean blank = true;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            for (int i = 0; i < n; i++, at++) {
                if (buffer[i] == '\n') {
                    if (!blank) {
                        lines.line(start, at, line);
                    }
                    start = at + 1;
                    line++;
                    blank = true;
                } else if (buffer[i] != ' ' && buffer[i] != '\t' && buffer[i] != '\r') {
                    blank = false;
                }
            }
        }
        if (!blank) {
            lines.line(start, at, line);
        }
    }
}
