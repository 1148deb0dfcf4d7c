package org.fednano.report.data;

import java.util.Locale;
import org.fednano.settings.Quantities;

/** How numbers look in reports; the same in HTML and text, whatever the machine's locale. */
public final class Numbers {

    /** What stands where there is no number. */
    public static final String NONE = "–";

    private Numbers() {}

    /** A fraction as a percentage with one decimal: 0.7344 is {@code 73.4 %}. */
    public static String percent(double fraction) {
        return Double.isFinite(fraction) ? format("%.1f %%", 100 * fraction) : NONE;
    }

    /** A difference of two fractions in percentage points, signed: 0.25 is {@code +25.0}. */
    public static String points(double difference) {
        if (!Double.isFinite(difference)) {
            return NONE;
        }
        double points = 100 * difference;
        // Without this, a difference of -0.0004 would print as "-0.0".
        return Math.abs(points) < 0.05 ? "0.0" : format("%+.1f", points);
    }

    /** A plain number with so many decimals. */
    public static String decimal(double value, int decimals) {
        return Double.isFinite(value) ? format("%." + decimals + "f", value) : NONE;
    }

    /** A small number of unknown size: three significant digits, with an exponent where needed. */
    public static String small(double value) {
        if (!Double.isFinite(value)) {
            return NONE;
        }
        double size = Math.abs(value);
        if (size == 0) {
            return "0";
        }
        return size >= 0.01 && size < 10_000 ? format(size < 10 ? "%.3f" : "%.1f", value) : format("%.2e", value);
    }

    /** A count with thin grouping: {@code 12,345}. */
    public static String count(long value) {
        return Quantities.count(value);
    }

    /** Bytes in decimal units: 1,500,000 is {@code 1.50 MB}. */
    public static String bytes(double bytes) {
        if (!Double.isFinite(bytes)) {
            return NONE;
        }
        return Quantities.bytes(bytes);
    }

    /** A length of time: {@code 0.84 s}, {@code 12.3 s}, {@code 3 min 20 s}, {@code 2 h 05 min}. */
    public static String seconds(double seconds) {
        if (!Double.isFinite(seconds)) {
            return NONE;
        }
        if (seconds < 10) {
            return format("%.2f s", seconds);
        }
        if (seconds < 99.95) {
            return format("%.1f s", seconds);
        }
        long whole = Math.round(seconds);
        return whole < 3600
                ? format("%d min %02d s", whole / 60, whole % 60)
                : format("%d h %02d min", whole / 3600, whole % 3600 / 60);
    }

    /** "1 client", "5 clients". */
    public static String of(long n, String one, String many) {
        return count(n) + " " + (n == 1 ? one : many);
    }

    public static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
