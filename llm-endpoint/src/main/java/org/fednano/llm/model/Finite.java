package org.fednano.llm.model;

/** Looks for NaN and infinity in many values. */
final class Finite {

    private static final int INFINITY = 0x7f800000; // bits of the smallest magnitude that is not finite

    private Finite() {}

    /** Place of the first value from {@code from} to {@code to} that is NaN or infinite, or −1. */
    static int firstOther(float[] values, int from, int to) {
        int largest = 0; // a maximum of whole numbers takes eight values at a time, where a test of each takes one
        for (int i = from; i < to; i++) {
            largest = Math.max(largest, Float.floatToRawIntBits(values[i]) & Integer.MAX_VALUE);
        }
        if (largest < INFINITY) {
            return -1;
        }
        int at = from;
        while (Float.isFinite(values[at])) {
            at++;
        }
        return at;
    }
}
