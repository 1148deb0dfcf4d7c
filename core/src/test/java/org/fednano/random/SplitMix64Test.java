package org.fednano.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitMix64Test {

    @Test
    void aPathIsItsOwnStreamAndStaysTheSame() {
        assertEquals(
                SplitMix64.of(1, "a", "b").nextLong(),
                SplitMix64.of(1, "a", "b").nextLong());
        assertNotEquals(
                SplitMix64.of(1, "ab", "c").nextLong(),
                SplitMix64.of(1, "a", "bc").nextLong());
        assertNotEquals(SplitMix64.of(1, "a").nextLong(), SplitMix64.of(2, "a").nextLong());
        assertNotEquals(
                SplitMix64.of(1, "a").nextLong(), SplitMix64.of(1, "a", "").nextLong());
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-3, 0.1, 0.5, 1, 10, 1e6})
    void dirichletSumsToOne(double alpha) {
        for (int i = 0; i < 200; i++) {
            double[] p = SplitMix64.of(i, "p").dirichlet(alpha, 6);
            assertEquals(1, Arrays.stream(p).sum(), 1e-9);
            assertTrue(Arrays.stream(p).allMatch(x -> x >= 0 && x <= 1));
        }
    }

    @Test
    void smallAlphaIsSkewedAndLargeIsEven() {
        assertTrue(meanLargest(0.1) > 0.75, "alpha 0.1 gives one answer most of the mass");
        assertTrue(meanLargest(1000) < 0.20, "alpha 1000 is nearly uniform over six");
    }

    @Test
    void dirichletHasTheRightMoments() {
        // Var(p_i) = (1/n)(1 − 1/n)/(n·alpha + 1) for a symmetric Dirichlet.
        int n = 4;
        double alpha = 0.5;
        double square = 0;
        int draws = 20_000;
        for (int i = 0; i < draws; i++) {
            double d = SplitMix64.of(i, "moments").dirichlet(alpha, n)[0] - 1.0 / n;
            square += d * d;
        }
        assertEquals((1.0 / n) * (1 - 1.0 / n) / (n * alpha + 1), square / draws, 0.002);
    }

    @Test
    void gaussianHasUnitVariance() {
        SplitMix64 draws = SplitMix64.of(1, "g");
        double sum = 0;
        double square = 0;
        int n = 50_000;
        for (int i = 0; i < n; i++) {
            double x = draws.gaussian();
            sum += x;
            square += x * x;
        }
        assertEquals(0, sum / n, 0.02);
        assertEquals(1, square / n, 0.03);
    }

    @Test
    void boundsAreReachedAndKept() {
        SplitMix64 draws = SplitMix64.of(1, "bounds");
        boolean[] seen = new boolean[4];
        for (int i = 0; i < 200; i++) {
            seen[draws.between(2, 5) - 2] = true;
        }
        assertTrue(seen[0] && seen[1] && seen[2] && seen[3]);
    }

    private static double meanLargest(double alpha) {
        double sum = 0;
        for (int i = 0; i < 300; i++) {
            sum += Arrays.stream(SplitMix64.of(i, "largest").dirichlet(alpha, 6))
                    .max()
                    .orElseThrow();
        }
        return sum / 300;
    }
}
