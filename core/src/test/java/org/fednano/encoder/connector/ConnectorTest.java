package org.fednano.encoder.connector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import org.fednano.testing.TestTensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectorTest {

    private static final int ROWS = 5;

    private static ConnectorLayout layout(int inner) {
        return new ConnectorLayout(3, inner, 4);
    }

    /** d/dθ of Σ y·g against differences of the forward pass. */
    @ParameterizedTest
    @ValueSource(ints = {0, 6})
    void theGradientIsThatOfTheForwardPass(int inner) {
        ConnectorLayout layout = layout(inner);
        Random random = new Random(1);
        float[] theta = layout.random(random);
        float[] x = TestTensors.normal(random, 1, ROWS, 3).values();
        float[] g = TestTensors.normal(random, 1, ROWS, 4).values();
        ConnectorPass pass = new ConnectorPass(layout);
        float[] gradient = pass.backward(theta, x, g);
        assertEquals(layout.size(), gradient.length);
        for (int i = 0; i < theta.length; i++) {
            float h = 0.01f;
            float[] up = theta.clone();
            up[i] += h;
            float[] down = theta.clone();
            down[i] -= h;
            double difference = (dot(pass.forward(up, x), g) - dot(pass.forward(down, x), g)) / (up[i] - down[i]);
            assertEquals(difference, gradient[i], 3e-3, "parameter " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 6})
    void scalingGoesIntoTheFirstLayer(int inner) {
        ConnectorLayout layout = layout(inner);
        Random random = new Random(2);
        float[] theta = layout.random(random);
        float[] raw = new float[ROWS * 3];
        for (int i = 0; i < raw.length; i++) {
            raw[i] = (float) (100 * (i % 3) + (i % 3 + 1) * random.nextGaussian());
        }
        FeatureScale.Sums sums = new FeatureScale.Sums(3);
        sums.add(raw);
        FeatureScale scale = sums.scale();
        float[] scaled = scale.apply(raw.clone());
        for (int d = 0; d < 3; d++) {
            double sum = 0;
            double square = 0;
            for (int r = 0; r < ROWS; r++) {
                sum += scaled[3 * r + d];
                square += scaled[3 * r + d] * scaled[3 * r + d];
            }
            assertEquals(0, sum / ROWS, 1e-4);
            assertEquals(1, square / ROWS, 1e-2);
        }
        ConnectorPass pass = new ConnectorPass(layout);
        assertArrayEquals(pass.forward(theta, scaled), pass.forward(scale.folded(layout, theta), raw), 2e-4f);
    }

    /** Targets that are an affine function of the inputs come back, up to the stretch. */
    @ParameterizedTest
    @ValueSource(ints = {0, 6})
    void regressionFindsALinearRelation(int inner) {
        ConnectorLayout layout = layout(inner);
        Random random = new Random(3);
        float[] theta = layout.random(random);
        ConnectorPass pass = new ConnectorPass(layout);
        int n = 400;
        float[] x = TestTensors.normal(random, 1, n, 3).values();
        float[] inputs = pass.lastInput(theta, x);
        float[] truth = layout.random(new Random(4));
        System.arraycopy(theta, 0, truth, 0, layout.lastOffset()); // the first layer stays
        float[] targets = pass.forward(truth, x);
        int width = layout.lastWidth();
        RidgeStart ridge = new RidgeStart(width, 4);
        for (int r = 0; r < n; r++) {
            ridge.add(
                    Arrays.copyOfRange(inputs, r * width, (r + 1) * width),
                    Arrays.copyOfRange(targets, 4 * r, 4 * r + 4));
        }
        double[] solution = ridge.solve(1e-9);
        for (int k = 0; k < width; k++) {
            for (int h = 0; h < 4; h++) {
                assertEquals(truth[layout.lastOffset() + h * width + k], solution[k * 4 + h], 2e-3);
            }
        }
        float[] centre = {10, 20, 30, 40};
        ridge.put(layout, theta, solution, 7, centre, inputs);
        float[] y = pass.forward(theta, x);
        double norm = 0;
        double[] mean = new double[4];
        for (int r = 0; r < n; r++) {
            double square = 0;
            for (int h = 0; h < 4; h++) {
                square += (y[4 * r + h] - centre[h]) * (y[4 * r + h] - centre[h]);
                mean[h] += y[4 * r + h] / (double) n;
            }
            norm += Math.sqrt(square) / n;
        }
        assertEquals(7, norm, 0.01);
        assertArrayEquals(new double[] {10, 20, 30, 40}, mean, 1e-3);
    }

    @Test
    void aPenaltyShrinksTheSolution() {
        RidgeStart ridge = new RidgeStart(1, 1);
        ridge.add(new float[] {-1}, new float[] {-2});
        ridge.add(new float[] {1}, new float[] {2});
        assertEquals(2, ridge.solve(1e-12)[0], 1e-9);
        assertEquals(1, ridge.solve(1)[0], 1e-9); // Σa² = 2, λ·rows = 2
    }

    @Test
    void theStepSizeRisesThenFallsAsACosine() {
        StepSize size = new StepSize(2, 100, 0.1);
        assertEquals(0.2, size.at(0), 1e-12);
        assertEquals(2, size.at(9), 1e-12);
        assertEquals(2, size.at(10), 1e-12);
        assertEquals(1, size.at(55), 1e-12);
        assertEquals(0, new StepSize(2, 100, 0).at(99), 1e-3);
    }

    @Test
    void sizesMustBePositive() {
        assertThrows(IllegalArgumentException.class, () -> new ConnectorLayout(0, 0, 4));
        assertThrows(IllegalArgumentException.class, () -> new ConnectorLayout(3, -1, 4));
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
