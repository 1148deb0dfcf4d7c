package org.fednano.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Compares arrays with a reference, and remembers the worst agreement per quantity. */
final class Agreement {

    private record Worst(double error, String where) {}

    private final Map<String, Worst> worst = new TreeMap<>();

    /**
     * Largest difference divided by the largest reference value.
     *
     * @throws AssertionError if lengths differ, or one value is no number
     */
    static double relativeError(float[] want, float[] found) {
        assertEquals(want.length, found.length, "values");
        double difference = 0;
        double scale = 0;
        for (int i = 0; i < want.length; i++) {
            assertTrue(Float.isFinite(found[i]), "value " + i + " is " + found[i]);
            difference = Math.max(difference, Math.abs((double) found[i] - want[i]));
            scale = Math.max(scale, Math.abs(want[i]));
        }
        return difference / scale;
    }

    /** {@link #relativeError} must be at most the limit. */
    void within(double limit, String quantity, String where, float[] want, float[] found) {
        atMost(limit, quantity, where, relativeError(want, found));
    }

    /** One number's relative error must be at most the limit. */
    void within(double limit, String quantity, String where, double want, double found) {
        atMost(limit, quantity, where, Math.abs(found - want) / Math.abs(want));
    }

    /** An error must be at most the limit. */
    void atMost(double limit, String quantity, String where, double error) {
        worst.merge(quantity, new Worst(error, where), (a, b) -> a.error >= b.error ? a : b);
        assertTrue(
                error <= limit,
                () -> String.format(Locale.ROOT, "%s of %s: error %.3g, at most %.3g", quantity, where, error, limit));
    }

    /**
     * The difference that all but a share of the values stay within.
     *
     * @param share 0.999 for the 99.9th percentile
     */
    static double percentile(double[] differences, double share) {
        double[] sorted = differences.clone();
        Arrays.sort(sorted);
        return sorted[(int) Math.ceil(share * sorted.length) - 1];
    }

    /** One line per quantity. */
    @Override
    public String toString() {
        StringBuilder lines = new StringBuilder();
        worst.forEach((quantity, w) ->
                lines.append(String.format(Locale.ROOT, "%-24s %.2g  (%s)%n", quantity, w.error, w.where)));
        return lines.toString();
    }
}
