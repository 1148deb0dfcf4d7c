package org.fednano.features;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Training rows that stay in one scratch file of this JVM from round to round, so that cached features are fetched, parsed and
 * checked once per application and JVM instead of once per round: of clients with four rows that took a seventh of a task. The
 * first that come are kept; what finds no room is read anew each time, as if there were no such file.
 */
final class RowCache {

    /** Scratch space per JVM; the operating system's cache holds what it has memory for. */
    private static final long MOST_BYTES = 1L << 30;

    /**
     * What rows are known by.
     *
     * @param split of the rows
     * @param stamps of the features' markers, one per segment: others once features were made again
     */
    record Source(String split, List<String> stamps) {}

    private static final Map<Source, SpilledRows> KEPT = new HashMap<>();
    private static String application = "";
    private static RowScratch scratch;
    private static long promised;

    private RowCache() {}

    /** Rows that an earlier task of the application kept. */
    static synchronized Optional<SpilledRows> find(String app, Source source) {
        return app.equals(application) ? Optional.ofNullable(KEPT.get(source)) : Optional.empty();
    }

    /**
     * Empty rows that {@link #keep} can keep, unless there is no room for them.
     *
     * @param app the Spark application; what was kept for another is let go
     * @param bytes their size, roughly
     * @param folder local folder for the file
     */
    static synchronized Optional<SpilledRows> begin(String app, long bytes, Path folder) {
        if (!app.equals(application)) {
            KEPT.clear();
            if (scratch != null) {
                scratch.close();
            }
            scratch = null;
            promised = 0;
            application = app;
        }
        if (bytes > MOST_BYTES - promised) {
            return Optional.empty();
        }
        if (scratch == null) {
            scratch = RowScratch.in(folder);
        }
        promised += bytes;
        return Optional.of(SpilledRows.in(scratch));
    }

    /** Keeps rows that are complete. */
    static synchronized void keep(String app, Source source, SpilledRows rows) {
        if (app.equals(application)) {
            KEPT.put(source, rows);
        }
    }
}
