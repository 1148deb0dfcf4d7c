package org.fednano.prep;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** Finds the lines of JSON Lines files: one record each, blank ones are none. */
final class LineIndex {

    private LineIndex() {}

    /** Adds a span for each line, however long; the text itself is not kept. */
    static void lines(IndexFiles files, String file, List<RawSpan> spans) throws IOException {
        try (InputStream in = files.open(file)) {
            byte[] buffer = new byte[1 << 16];
            long at = 0;
            long start = 0;
            long line = 1;
            boolean blank = true;
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                for (int i = 0; i < n; i++, at++) {
                    if (buffer[i] == '\n') {
                        if (!blank) {
                            spans.add(new RawSpan(file, start, at - start, line, null, ""));
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
                spans.add(new RawSpan(file, start, at - start, line, null, ""));
            }
        }
    }
}
