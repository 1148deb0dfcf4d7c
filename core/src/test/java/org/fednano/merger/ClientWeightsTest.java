package org.fednano.merger;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Weights that need all clients at once. */
class ClientWeightsTest {

    private static final int SIZE = 20_000; // more than one piece of the inner products

    @Property(tries = 5)
    void innerProductsAreTheFormula(@ForAll Random random) {
        float[] theta = vector(random, 1);
        List<float[]> thetas = List.of(vector(random, 1), vector(random, 1), theta);
        double[][] gram = ClientWeights.gram(thetas, theta);
        for (int j = 0; j < 3; j++) {
            for (int k = 0; k < 3; k++) {
                double sum = 0;
                for (int i = 0; i < SIZE; i++) {
                    sum += ((double) thetas.get(j)[i] - theta[i]) * ((double) thetas.get(k)[i] - theta[i]);
                }
                assertEquals(sum, gram[j][k], 1e-9 * SIZE);
                assertEquals(gram[j][k], gram[k][j]);
            }
        }
    }

    /** At the median, Σ w_k (Δ_k − z) / ‖Δ_k − z‖ = 0: no direction shortens the sum of distances. */
    @Property(tries = 20)
    void theMedianIsWhereNoStepHelps(@ForAll Random random) {
        double[] w = {3, 1, 2, 2, 1};
        double[][] deltas = new double[5][3];
        for (double[] delta : deltas) {
            Arrays.setAll(delta, i -> random.nextGaussian());
        }
        double[] weights = ClientWeights.GEOMETRIC_MEDIAN.of(w, () -> gram(deltas));
        double total = Arrays.stream(weights).sum();
        double[] z = new double[3];
        for (int k = 0; k < 5; k++) {
            for (int i = 0; i < 3; i++) {
                z[i] += weights[k] / total * deltas[k][i];
            }
        }
        double here = distances(w, deltas, z);
        for (int probe = 0; probe < 20; probe++) {
            double[] other = z.clone();
            Arrays.setAll(other, i -> other[i] + 0.05 * random.nextGaussian());
            assertTrue(distances(w, deltas, other) > here - 1e-3, "a better place than the median");
        }
    }

    @Test
    void aClientThatSendsTheReverseFivefoldIsWeighedDownByTheMedianOnly() {
        double[][] deltas = {{1, 0.1}, {0.9, -0.1}, {1.1, 0}, {-5, 0}};
        double[] w = {1, 1, 1, 1};
        double[] median = ClientWeights.GEOMETRIC_MEDIAN.of(w, () -> gram(deltas));
        assertTrue(median[3] < 0.05 * Arrays.stream(median).sum(), Arrays.toString(median));
        assertArrayEquals(w, ClientWeights.AGREEMENT.of(w, () -> gram(deltas)), "nobody agrees with the others' sum");
    }

    @Test
    void agreementFindsTheOneThatGoesElsewhere() {
        double[][] deltas = {{1, 0.1}, {0.9, -0.1}, {1.1, 0}, {-0.1, 1}};
        double[] weights = ClientWeights.AGREEMENT.of(new double[] {1, 1, 1, 1}, () -> gram(deltas));
        assertEquals(0, weights[3]);
        assertTrue(weights[1] > 0.8, Arrays.toString(weights));
    }

    /** The length of (1e10, 1) + (−1e10, 0) is 1, and 0 by its inner products in double precision. */
    @Test
    void othersThatCancelEachOtherGiveNobodyEndlessWeight() {
        double[][] deltas = {{1e10, 1}, {-1e10, 0}, {0, 1}};
        assertArrayEquals(
                new double[] {0, 0, 1}, ClientWeights.AGREEMENT.of(new double[] {1, 1, 1}, () -> gram(deltas)));
    }

    @Test
    void cappedIsOneAndAHalfMediansAndEqualUpdatesWeighTheirRows() {
        double[] w = {10, 20, 1000};
        assertArrayEquals(new double[] {10, 20, 30}, ClientWeights.CAPPED.of(w, null));
        double[][] same = {{1, 2}, {1, 2}, {1, 2}};
        double[] median = ClientWeights.GEOMETRIC_MEDIAN.of(w, () -> gram(same));
        assertEquals(2, median[1] / median[0], 1e-9);
        double[][] none = {{0, 0}, {0, 0}, {0, 0}};
        assertArrayEquals(w, ClientWeights.GEOMETRIC_MEDIAN.of(w, () -> gram(none)));
        assertArrayEquals(w, ClientWeights.AGREEMENT.of(w, () -> gram(none)));
    }

    @Test
    void whoWeighsNothingIsLeftOut() {
        float[] theta = new float[2];
        Merger merger = new Reweighed(theta, (w, gram) -> new double[] {w[0], 0, w[2]}, new WeightedMean(theta));
        merger.add(new float[] {1, 1}, Map.of(), 1);
        merger.add(new float[] {100, 100}, Map.of(), 1);
        merger.add(new float[] {4, 1}, Map.of(), 2);
        Merger.Merged merged = merger.merge();
        assertArrayEquals(new float[] {3, 1}, merged.theta());
        assertArrayEquals(new double[] {1 / 3.0, 0, 2 / 3.0}, merged.shares(), 1e-15);
    }

    private static double distances(double[] w, double[][] deltas, double[] z) {
        double sum = 0;
        for (int k = 0; k < w.length; k++) {
            double squared = 0;
            for (int i = 0; i < z.length; i++) {
                squared += (deltas[k][i] - z[i]) * (deltas[k][i] - z[i]);
            }
            sum += w[k] * Math.sqrt(squared);
        }
        return sum;
    }

    private static double[][] gram(double[][] deltas) {
        List<float[]> thetas = new ArrayList<>();
        for (double[] delta : deltas) {
            float[] thetaK = new float[delta.length];
            for (int i = 0; i < thetaK.length; i++) {
                thetaK[i] = (float) delta[i];
            }
            thetas.add(thetaK);
        }
        return ClientWeights.gram(thetas, new float[deltas[0].length]);
    }

    private static float[] vector(Random random, double by) {
        float[] values = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            values[i] = (float) (by * random.nextGaussian());
        }
        return values;
    }
}
