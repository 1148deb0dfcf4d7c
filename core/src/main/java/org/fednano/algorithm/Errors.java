package org.fednano.algorithm;

import java.io.FileNotFoundException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.Set;

/** What of a client's error may leave it. */
final class Errors {

    // Messages of these are written here or hold a path; others (parsers', say) may quote a client's data.
    private static final Set<Class<?>> OWN = Set.of(
            IllegalArgumentException.class,
            IllegalStateException.class,
            FileNotFoundException.class,
            NoSuchFileException.class,
            UncheckedIOException.class);

    private Errors() {}

    static String harmless(Throwable e) {
        String name = e.getClass().getName();
        if (OWN.contains(e.getClass()) && e.getMessage() != null) {
            return name + ": " + e.getMessage();
        }
        StackTraceElement[] trace = e.getStackTrace();
        return name + (trace.length == 0 ? "" : " at " + trace[0]) + " (the client's own log has the message)";
    }
}
