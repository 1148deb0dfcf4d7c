package org.fednano.settings;

import java.util.Locale;

/** Numbers for people, the same everywhere and in every locale. */
public final class Quantities {

    private static final String[] BYTE_UNITS = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

    private Quantities() {}

    /** A count in groups of three digits: {@code 12,345}. */
    public static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** Bytes in decimal units, three digits: 1,500,000 is {@code 1.50 MB}. */
    public static String bytes(double bytes) {
        int unit = 0;
        double value = bytes;
        while (Math.abs(value) >= 999.5 && unit < BYTE_UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        double size = Math.abs(value);
        int decimals = unit == 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + decimals + "f ", value) + BYTE_UNITS[unit];
    }
}
