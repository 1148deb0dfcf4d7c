package org.fednano.merger;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A round's values at each coordinate without the k lowest and the k highest, and what a mean is held within. Of 2k + 1 clients or more
 * with at most k liars, both ends lie between values of the others, whatever the liars send. The order of adding never matters; memory is
 * 2 (k + 1) vectors, and those that wait.
 */
public final class Clamp {

    private final float[][] lowest; // (k + 1, d), rising
    private final float[][] highest; // (k + 1, d), falling
    private final float[] low; // (d)
    private final float[] high; // (d)
    private final List<float[]> waiting = new ArrayList<>();
    private final int together; // θ_k that are taken in at once
    private int held;

    /**
     * @param k left out at each end
     * @param d values of an adapter
     */
    Clamp(int k, int d) {
        lowest = filled(k + 1, d, Float.POSITIVE_INFINITY);
        highest = filled(k + 1, d, Float.NEGATIVE_INFINITY);
        low = lowest[k];
        high = highest[k];
        together = Coordinates.together(d, 4L * d);
    }

    private static float[][] filled(int rows, int d, float value) {
        float[][] filled = new float[rows][d];
        for (float[] row : filled) {
            Arrays.fill(row, value);
        }
        return filled;
    }

    /** Clients of which something is left between the k lowest and the k highest. */
    public static int fewest(int k) {
        return 2 * k + 1;
    }

    /** Takes in θ_k (d), at once or when it lets go. */
    void add(float[] thetaK) {
        waiting.add(thetaK);
        if (waiting.size() >= together) {
            letGo();
        }
    }

    /** Takes in who waits: what was given is not read any more. */
    void letGo() {
        Coordinates.each(low.length, (from, to) -> {
            float[] rest = new float[to - from];
            for (float[] thetaK : waiting) {
                System.arraycopy(thetaK, from, rest, 0, rest.length);
                for (float[] row : lowest) {
                    keepLowest(row, from, rest);
                }
                System.arraycopy(thetaK, from, rest, 0, rest.length);
                for (float[] row : highest) {
                    keepHighest(row, from, rest);
                }
            }
        });
        waiting.clear();
    }

    /** Leaves the lower of both in the row and the other one in the rest. */
    private static void keepLowest(float[] row, int from, float[] rest) {
        for (int i = 0; i < rest.length; i++) {
            float held = row[from + i];
            float value = rest[i];
            row[from + i] = Math.min(held, value);
            rest[i] = Math.max(held, value);
        }
    }

    private static void keepHighest(float[] row, int from, float[] rest) {
        for (int i = 0; i < rest.length; i++) {
            float held = row[from + i];
            float value = rest[i];
            row[from + i] = Math.max(held, value);
            rest[i] = Math.min(held, value);
        }
    }

    /**
     * A merged adapter, held.
     *
     * @param merged (d), a mean of the clients' values at each coordinate
     * @return (d), a copy
     */
    public float[] hold(float[] merged) {
        float[] all = merged.clone();
        for (int i = 0; i < all.length; i++) {
            if (isOutside(i, all[i])) {
                all[i] = all[i] < low[i] ? low[i] : high[i];
                held++;
            }
        }
        return all;
    }

    /**
     * A mean change at coordinate i, held.
     *
     * @param thetaI θ_i
     * @param delta Δ̄_i
     */
    public double hold(int i, float thetaI, double delta) {
        held += isOutside(i, (float) (thetaI + delta)) ? 1 : 0; // not what is rounding
        return Math.max((double) low[i] - thetaI, Math.min((double) high[i] - thetaI, delta));
    }

    private boolean isOutside(int i, float value) {
        return value < low[i] || value > high[i];
    }

    /** Values that lay outside. */
    int held() {
        return held;
    }
}
