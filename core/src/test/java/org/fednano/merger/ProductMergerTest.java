package org.fednano.merger;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.fednano.adapter.AdapterInit;
import org.fednano.adapter.AdapterLayout;
import org.junit.jupiter.api.Test;

/** Merging products, and balanced factors: laws of the function W_down W_up, since factors are not unique. */
class ProductMergerTest {

    private static final double CLOSE = 1e-5; // of the largest value: two factors in float32

    @Property(tries = 200)
    void theProductIsTheMeanProductWhereItsRankAllows(
            @ForAll @IntRange(min = 1, max = 9) int hidden,
            @ForAll @IntRange(min = 1, max = 4) int clients,
            @ForAll Random random) {
        AdapterLayout layout = AdapterLayout.of("image", hidden, hidden, 1); // R = H: nothing is cut
        float[] theta = moved(AdapterInit.theta(layout, 1), random);
        List<float[]> thetas = clients(theta, clients, random);
        double[] expected = new double[hidden * hidden];
        for (int k = 0; k < clients; k++) {
            double[] product = product(layout, thetas.get(k), 0);
            int rows = k + 1;
            Arrays.setAll(expected, i -> expected[i] + rows * product[i]);
        }
        double total = clients * (clients + 1) / 2.0;
        Arrays.setAll(expected, i -> expected[i] / total);
        Merger.Merged merged = merge(new ProductMerger(layout, theta), thetas);
        assertClose(expected, product(layout, merged.theta(), 0));
        assertEquals(clients / total, merged.shares()[clients - 1], 1e-12);
    }

    @Property(tries = 100)
    void equalClientsAreAFixedPointAsAFunctionAndFactorsAreBalanced(
            @ForAll @IntRange(min = 2, max = 40) int hidden, @ForAll Random random) {
        AdapterLayout layout = AdapterLayout.of("all", hidden, 2, 1);
        float[] theta = moved(AdapterInit.theta(layout, 1), random);
        float[] same = moved(theta, random);
        for (Merger merger :
                List.of(new ProductMerger(layout, theta), new Balanced(layout, theta, new WeightedMean(theta)))) {
            float[] merged = merge(merger, List.of(same, same, same)).theta();
            for (int m = 0; m < 2; m++) {
                assertClose(product(layout, same, m), product(layout, merged, m));
                assertBalanced(layout, merged, m);
            }
        }
    }

    @Property(tries = 100)
    void theOrderOfClientsNeverMattersToTheFunction(@ForAll Random random) {
        AdapterLayout layout = AdapterLayout.of("all", 12, 3, 1);
        float[] theta = moved(AdapterInit.theta(layout, 1), random);
        List<float[]> thetas = new ArrayList<>(clients(theta, 5, random));
        Merger merger = new ProductMerger(layout, theta);
        Merger shuffled = new ProductMerger(layout, theta);
        thetas.forEach(t -> merger.add(t, Map.of(), 1));
        Collections.shuffle(thetas, random);
        thetas.forEach(t -> shuffled.add(t, Map.of(), 1));
        assertClose(
                product(layout, merger.merge().theta(), 1),
                product(layout, shuffled.merge().theta(), 1));
    }

    /** Half of the clients in one sum each, so that both halves are exact; together they are beyond that. */
    @Property(tries = 5)
    void theIterationFindsWhatTheExactWayFinds(@ForAll Random random) {
        int hidden = 300;
        int rank = 8;
        AdapterLayout layout = AdapterLayout.of("image", hidden, rank, 1);
        float[] shared = moved(AdapterInit.theta(layout, 1), random);
        FactorSum iterated = new FactorSum(hidden, rank);
        FactorSum exact = new FactorSum(hidden, rank);
        for (int k = 0; k < 20; k++) {
            float[] thetaK = moved(shared, random);
            for (int twice = 0; twice < 2; twice++) { // 40 pairs of rank 8 are more than 256; 20 are not
                iterated.add(1 / 40.0, thetaK, 0, layout.upOffset(0));
            }
            exact.add(1 / 20.0, thetaK, 0, layout.upOffset(0));
        }
        FactorSum.Cut expected = exact.cut();
        FactorSum.Cut found = iterated.cut();
        assertEquals(rank, found.sigma().length);
        double kept = Arrays.stream(expected.sigma()).map(s -> s * s).sum();
        assertEquals(kept, Arrays.stream(found.sigma()).map(s -> s * s).sum(), 1e-5 * kept);
        assertArrayEquals(found.left(), iterated.cut().left(), "bytes repeat");
    }

    @Test
    void whatNobodyTrainedKeepsItsFactorsAndNothingIsStuckAtZero() {
        AdapterLayout layout = AdapterLayout.of("all", 6, 3, 1);
        float[] theta = AdapterInit.theta(layout, 5);
        float[] one = theta.clone();
        one[layout.upOffset(0)] = 0.5f; // one direction of the image adapter, none of the text's
        for (Merger merger :
                List.of(new ProductMerger(layout, theta), new Balanced(layout, theta, new WeightedMean(theta)))) {
            float[] merged = merge(merger, List.of(one, theta)).theta();
            int text = layout.downOffset(1);
            assertArrayEquals(
                    Arrays.copyOfRange(theta, text, theta.length), Arrays.copyOfRange(merged, text, theta.length));
            for (int r = 0; r < 3; r++) {
                int column = r;
                double length = IntStream.range(0, 6)
                        .mapToDouble(h -> Math.abs(merged[h * 3 + column]))
                        .sum();
                assertTrue(length > 0.01, "W_down's column " + r + " is " + length);
            }
            assertClose(scaled(product(layout, one, 0), 1 / 3.0), product(layout, merged, 0));
        }
    }

    @Test
    void bytesRepeatAlsoWithEqualSingularValues() {
        AdapterLayout layout = AdapterLayout.of("image", 4, 2, 1);
        float[] theta = new float[layout.size()];
        float[] identity = theta.clone();
        for (int r = 0; r < 2; r++) {
            identity[r * 2 + r] = -1; // σ = 1, 1
            identity[layout.upOffset(0) + r * 4 + r] = 1;
        }
        float[] first =
                merge(new ProductMerger(layout, theta), List.of(identity)).theta();
        float[] again =
                merge(new ProductMerger(layout, theta), List.of(identity)).theta();
        assertArrayEquals(first, again);
        assertClose(product(layout, identity, 0), product(layout, first, 0));
        for (int r = 0; r < 2; r++) {
            float largest = 0;
            for (int h = 0; h < 4; h++) {
                largest = Math.abs(first[h * 2 + r]) > Math.abs(largest) ? first[h * 2 + r] : largest;
            }
            assertTrue(largest > 0, "the largest value of column " + r);
        }
    }

    private static Merger.Merged merge(Merger merger, List<float[]> thetas) {
        for (int k = 0; k < thetas.size(); k++) {
            merger.add(thetas.get(k), Map.of(), k + 1);
        }
        return merger.merge();
    }

    private static List<float[]> clients(float[] theta, int clients, Random random) {
        return IntStream.range(0, clients).mapToObj(k -> moved(theta, random)).toList();
    }

    private static float[] moved(float[] from, Random random) {
        float[] to = from.clone();
        for (int i = 0; i < to.length; i++) {
            to[i] += (float) (0.1 * random.nextGaussian());
        }
        return to;
    }

    /** W_down W_up (H, H) of modality m. */
    private static double[] product(AdapterLayout layout, float[] theta, int m) {
        int hidden = layout.hidden();
        double[] product = new double[hidden * hidden];
        for (int i = 0; i < hidden; i++) {
            for (int r = 0; r < layout.rank(); r++) {
                double down = theta[layout.downOffset(m) + i * layout.rank() + r];
                for (int j = 0; j < hidden; j++) {
                    product[i * hidden + j] += down * theta[layout.upOffset(m) + r * hidden + j];
                }
            }
        }
        return product;
    }

    private static double[] scaled(double[] values, double by) {
        return Arrays.stream(values).map(v -> by * v).toArray();
    }

    private static void assertClose(double[] expected, double[] actual) {
        double size = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        assertArrayEquals(expected, actual, CLOSE * size);
    }

    /** W_downᵀ W_down = W_up W_upᵀ, diagonal. */
    private static void assertBalanced(AdapterLayout layout, float[] theta, int m) {
        int hidden = layout.hidden();
        int rank = layout.rank();
        for (int r = 0; r < rank; r++) {
            for (int s = 0; s < rank; s++) {
                double down = 0;
                double up = 0;
                for (int h = 0; h < hidden; h++) {
                    down += (double) theta[layout.downOffset(m) + h * rank + r]
                            * theta[layout.downOffset(m) + h * rank + s];
                    up += (double) theta[layout.upOffset(m) + r * hidden + h]
                            * theta[layout.upOffset(m) + s * hidden + h];
                }
                assertEquals(down, up, 1e-5);
                assertTrue(r == s || Math.abs(down) < 1e-5, "columns " + r + " and " + s + ": " + down);
            }
        }
    }
}
