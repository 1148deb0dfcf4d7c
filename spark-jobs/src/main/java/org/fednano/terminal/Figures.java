package org.fednano.terminal;

import java.util.Locale;

/** Numbers as people read them. */
public final class Figures {

    private Figures() {}

    /** {@code 61.2 %}, or a dash for NaN. */
    public static String percent(double fraction) {
        return Double.isNaN(fraction) ? "–" : String.format(Locale.ROOT, "%.1f %%", 100 * fraction);
    }

    /** {@code 41.0 MB}. */
    public static String megabytes(long bytes) {
        return String.format(Locale.ROOT, bytes < 100_000 ? "%.3f MB" : "%.1f MB", bytes / 1e6);
    }

    /** {@code 0.743}, or a dash for NaN. */
    public static String loss(double nats) {
        return Double.isNaN(nats) ? "–" : String.format(Locale.ROOT, "%.3f", nats);
    }

    /** {@code 6.2 s}. */
    public static String seconds(double seconds) {
        return String.format(Locale.ROOT, "%.1f s", seconds);
    }
}
