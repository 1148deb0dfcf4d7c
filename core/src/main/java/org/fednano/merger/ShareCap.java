package org.fednano.merger;

import java.util.Arrays;

/** Weighs clients down until none has more than its share of the merge weight. */
public final class ShareCap {

    /** A share that is above the cap by less than this is rounding. */
    private static final double SLACK = 1e-9;

    private ShareCap() {}

    /** What is possible: of few clients one has a large share in any case. */
    public static double of(double maxShare, int clients) {
        return Math.max(maxShare, 1.0 / clients);
    }

    /** Whether all keep to it. */
    public static boolean holds(double[] shares, double cap) {
        return Arrays.stream(shares).allMatch(share -> share <= cap + SLACK);
    }

    /**
     * Factors for the weights of clients after which, if a share is in proportion to its weight, none is above the cap: who
     * is above it gets just the cap, and the others keep their proportions.
     *
     * @param shares now, summing to 1
     * @param cap {@code 1 / clients} or more
     */
    public static double[] factors(double[] shares, double cap) {
        boolean[] capped = new boolean[shares.length];
        while (true) {
            double rest = 0; // of those who are not capped
            int count = 0;
            for (int k = 0; k < shares.length; k++) {
                rest += capped[k] ? 0 : shares[k];
                count += capped[k] ? 1 : 0;
            }
            double free = 1 - count * cap; // what the others share
            boolean more = false;
            for (int k = 0; k < shares.length; k++) {
                if (!capped[k] && shares[k] / rest * free > cap + SLACK) {
                    capped[k] = true;
                    more = true;
                }
            }
            if (!more) {
                return factors(shares, cap, capped, rest, free);
            }
        }
    }

    private static double[] factors(double[] shares, double cap, boolean[] capped, double rest, double free) {
        double[] factors = new double[shares.length];
        for (int k = 0; k < shares.length; k++) {
            // The others keep their weight: everything is in proportion to theirs.
            factors[k] = capped[k] ? cap / shares[k] * rest / free : 1;
        }
        return factors;
    }
}
