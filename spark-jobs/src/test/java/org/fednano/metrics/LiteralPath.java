package org.fednano.metrics;

import org.apache.hadoop.fs.Path;

/** Paths for Spark's readers, which take brackets, braces, stars, question marks and backslashes for patterns. */
public final class LiteralPath {

    private LiteralPath() {}

    /** The pattern that only this very path matches. */
    public static String of(Path path) {
        return path.toString().replaceAll("[\\\\\\[\\]{}*?]", "\\\\$0");
    }
}
