package org.fednano.random;

import java.util.Collections;
import java.util.List;

/**
 * Seeded random numbers that stay the same on every Java version: SplitMix64 (Steele, Lea and Flood, "Fast splittable
 * pseudorandom number generators", 2014), with the few distributions needed here. Not for many threads at once.
 */
public final class SplitMix64 {

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;

    private SplitMix64(long state) {
        this.state = state;
    }

    /** A stream of its own for each path, such as {@code of(seed, "shared", "c001", "train", "17")}. */
    public static SplitMix64 of(long seed, String... path) {
        long state = mix64(seed + GOLDEN);
        for (String part : path) {
            for (int i = 0; i < part.length(); i++) {
                state = mix64(state ^ part.charAt(i)) + GOLDEN;
            }
            state = mix64(state + part.length()); // "ab","c" is another path than "a","bc"
        }
        return new SplitMix64(state);
    }

    /** 64 random bits. */
    public long nextLong() {
        state += GOLDEN;
        return mix64(state);
    }

    /** Uniform in [0, 1). */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    /** Uniform in [low, high). */
    public double uniform(double low, double high) {
        return low + (high - low) * nextDouble();
    }

    /** Uniform in 0 … bound − 1. */
    public int below(int bound) {
        return (int) (nextDouble() * bound);
    }

    /** Uniform in low … high, both included. */
    public int between(int low, int high) {
        return low + below(high - low + 1);
    }

    public boolean chance(double probability) {
        return nextDouble() < probability;
    }

    /** Shuffles in place. */
    public void shuffle(List<?> list) {
        for (int i = list.size() - 1; i > 0; i--) {
            Collections.swap(list, i, below(i + 1));
        }
    }

    /** Standard normal (polar method). */
    public double gaussian() {
        while (true) {
            double u = uniform(-1, 1);
            double v = uniform(-1, 1);
            double s = u * u + v * v;
            if (s > 0 && s < 1) {
                return u * StrictMath.sqrt(-2 * StrictMath.log(s) / s);
            }
        }
    }

    /** An index drawn with the given probabilities, which sum to 1. */
    public int index(double[] probabilities) {
        double u = nextDouble();
        for (int i = 0; i < probabilities.length - 1; i++) {
            u -= probabilities[i];
            if (u < 0) {
                return i;
            }
        }
        return probabilities.length - 1;
    }

    /**
     * Symmetric Dirichlet.
     *
     * @param alpha concentration; below 1 most of the mass falls on few entries
     * @param n entries
     * @return (n), sums to 1
     */
    public double[] dirichlet(double alpha, int n) {
        // In logarithms: at alpha = 1e-3 the gamma draws themselves underflow to zero.
        double[] logs = new double[n];
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            logs[i] = logGamma(alpha);
            max = Math.max(max, logs[i]);
        }
        double sum = 0;
        double[] p = new double[n];
        for (int i = 0; i < n; i++) {
            p[i] = StrictMath.exp(logs[i] - max);
            sum += p[i];
        }
        for (int i = 0; i < n; i++) {
            p[i] /= sum;
        }
        return p;
    }

    /** Logarithm of a Gamma(shape, 1) draw: Marsaglia and Tsang (2000), with their boost for shapes below 1. */
    private double logGamma(double shape) {
        double boost = shape < 1 ? StrictMath.log(1 - nextDouble()) / shape : 0;
        double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3;
        double c = 1 / StrictMath.sqrt(9 * d);
        while (true) {
            double x = gaussian();
            double v = 1 + c * x;
            if (v <= 0) {
                continue;
            }
            v = v * v * v;
            if (StrictMath.log(1 - nextDouble()) < x * x / 2 + d - d * v + d * StrictMath.log(v)) {
                return boost + StrictMath.log(d * v);
            }
        }
    }

    private static long mix64(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
