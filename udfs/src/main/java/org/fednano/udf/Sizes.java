package org.fednano.udf;

import java.util.Locale;

/** Byte counts for people. */
public final class Sizes {

    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Sizes() {}

    /** Three or four digits and a binary unit: {@code 0 B}, {@code 1023 B}, {@code 1.0 KiB}, {@code 5.5 MiB}. */
    public static String human(long bytes) {
        double value = bytes;
        int unit = 0;
        // Already at 1023.95 one digit behind the point would print as 1024.0.
        while (Math.abs(value) >= (unit == 0 ? 1024 : 1023.95)) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }
}
