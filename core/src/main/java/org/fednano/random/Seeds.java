package org.fednano.random;

import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * Where every random choice of a run comes from: one seed per run, round and name. Numbers are drawn with
 * {@link java.util.Random}, whose algorithm its specification fixes, so a run repeats on any Java.
 */
public final class Seeds {

    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L; // SplitMix64's increment

    private Seeds() {}

    /**
     * A seed of its own for each (run seed, round, name), stable for ever: SplitMix64's finaliser over each part in turn.
     *
     * @param name a client's id, or what the seed is for
     */
    public static long mix(long runSeed, int round, String name) {
        long h = finish(runSeed + GOLDEN_GAMMA);
        h = finish((h ^ round) + GOLDEN_GAMMA);
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            h = finish((h ^ b) + GOLDEN_GAMMA);
        }
        return h;
    }

    private static long finish(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Shuffles in place (Fisher and Yates), written out so that it never changes with a library. */
    public static void shuffle(int[] values, Random random) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int v = values[i];
            values[i] = values[j];
            values[j] = v;
        }
    }

    /** {@code count} of 0 … n − 1 without replacement, ascending; all of them if {@code count} is 0 or more than n. */
    public static int[] draw(int n, int count, Random random) {
        int[] all = new int[n];
        for (int i = 0; i < n; i++) {
            all[i] = i;
        }
        if (count <= 0 || count >= n) {
            return all;
        }
        shuffle(all, random);
        int[] drawn = java.util.Arrays.copyOf(all, count);
        java.util.Arrays.sort(drawn);
        return drawn;
    }
}
