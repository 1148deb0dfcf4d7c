package org.fednano.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptFeatures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What both versions of the adapters must do; and that they agree. */
class NanoAdaptersTest {

    private static final int H = 12;
    private static final int R = 3;
    private static final AdapterLayout BOTH = AdapterLayout.of("both", H, R, 16);

    static Stream<NanoAdapters> versions() {
        return Stream.of(new LoopAdapters(BOTH), new NdAdapters(BOTH));
    }

    @Test
    void gradientsAreFiniteDifferences() {
        Random random = new Random(1);
        NanoAdapters adapters = new LoopAdapters(BOTH);
        FeatureBatch batch = FeatureBatch.of(Batches.samples(1, 4, H, random), H);
        float[] theta = Batches.vector(BOTH.size(), 0.3, random);
        float[] dy = Batches.gradientLike(batch, random); // the toy loss is Σ dy ⊙ A(x)

        float[] gradient = Batches.gradients(adapters, theta, batch, dy, 1).get(0);

        // That loss is linear in each single parameter, so a large step costs no accuracy.
        float step = 0.5f;
        for (int i = 0; i < theta.length; i++) {
            float[] up = theta.clone();
            float[] down = theta.clone();
            up[i] += step;
            down[i] -= step;
            double difference = (dot(dy, adapters.forward(up, batch).embeds())
                            - dot(dy, adapters.forward(down, batch).embeds()))
                    / ((double) up[i] - down[i]);
            assertEquals(difference, gradient[i], 1e-4 * Math.max(1, Math.abs(difference)), "parameter " + i);
        }
    }

    @Test
    void bothVersionsAgree() {
        for (int seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            int hidden = 1 + random.nextInt(40);
            int rank = 1 + random.nextInt(10);
            String which = List.of("both", "image", "text").get(random.nextInt(3));
            AdapterLayout layout = AdapterLayout.of(which, hidden, rank, 1 + random.nextInt(16));
            FeatureBatch batch = FeatureBatch.of(Batches.samples(1 + random.nextInt(5), 20, hidden, random), hidden);
            float[] theta = Batches.vector(layout.size(), 0.2, random);
            float[] dy = Batches.gradientLike(batch, random);
            NanoAdapters loops = new LoopAdapters(layout);
            NanoAdapters fast = new NdAdapters(layout);

            assertClose(
                    loops.forward(theta, batch).embeds(),
                    fast.forward(theta, batch).embeds(),
                    1e-5);
            List<float[]> expected = Batches.gradients(loops, theta, batch, dy, 4);
            List<float[]> actual = Batches.gradients(fast, theta, batch, dy, 4);
            assertEquals(batch.size(), actual.size());
            for (int b = 0; b < batch.size(); b++) {
                assertClose(expected.get(b), actual.get(b), 1e-5);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("versions")
    void startsAsTheIdentity(NanoAdapters adapters) {
        FeatureBatch batch = FeatureBatch.of(Batches.samples(3, 6, H, new Random(2)), H);
        float[] theta = AdapterInit.theta(BOTH, 7);
        assertArrayEquals(
                batch.prompts().embeds(), adapters.forward(theta, batch).embeds());
    }

    @ParameterizedTest
    @MethodSource("versions")
    void aSampleDependsOnItselfAlone(NanoAdapters adapters) {
        Random random = new Random(3);
        List<PromptFeatures> samples = Batches.samples(5, 9, H, random);
        FeatureBatch together = FeatureBatch.of(samples, H);
        float[] theta = Batches.vector(BOTH.size(), 0.3, random);
        float[] dy = Batches.gradientLike(together, random);
        float[] y = adapters.forward(theta, together).embeds();
        List<float[]> gradients = Batches.gradients(adapters, theta, together, dy, 1);
        double tolerance = adapters instanceof LoopAdapters ? 0 : 1e-6;
        int row = together.prompts().tokens() * H;
        for (int b = 0; b < samples.size(); b++) {
            FeatureBatch alone = FeatureBatch.of(List.of(samples.get(b)), H);
            int own = samples.get(b).tokens() * H;
            float[] ownDy = java.util.Arrays.copyOfRange(dy, b * row, b * row + own);
            assertClose(
                    adapters.forward(theta, alone).embeds(),
                    java.util.Arrays.copyOfRange(y, b * row, b * row + own),
                    tolerance);
            assertClose(Batches.gradients(adapters, theta, alone, ownDy, 1).get(0), gradients.get(b), tolerance);
        }
    }

    @ParameterizedTest
    @MethodSource("versions")
    void theGradientScaleIsTakenOutExactly(NanoAdapters adapters) {
        Random random = new Random(4);
        FeatureBatch batch = FeatureBatch.of(Batches.samples(2, 5, H, random), H);
        float[] theta = Batches.vector(BOTH.size(), 0.3, random);
        float[] dy = Batches.gradientLike(batch, random);
        float[] scaled = dy.clone();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] *= 1024;
        }
        List<float[]> plain = Batches.gradients(adapters, theta, batch, dy, 1);
        List<float[]> unscaled = Batches.gradients(adapters, theta, batch, scaled, 1024);
        for (int b = 0; b < plain.size(); b++) {
            assertArrayEquals(plain.get(b), unscaled.get(b));
        }
    }

    @ParameterizedTest
    @MethodSource("versions")
    void theGradientOfTheMeanIsTheMeanOfGradients(NanoAdapters adapters) {
        Random random = new Random(6);
        FeatureBatch batch = FeatureBatch.of(Batches.samples(7, 9, H, random), H);
        float[] theta = Batches.vector(BOTH.size(), 0.3, random);
        float[] dy = Batches.gradientLike(batch, random);
        float[] expected = new float[theta.length];
        for (float[] gradient : Batches.gradients(new LoopAdapters(BOTH), theta, batch, dy, 8)) {
            for (int i = 0; i < expected.length; i++) {
                expected[i] += gradient[i] / 7;
            }
        }
        float[] mean = Batches.vector(BOTH.size(), 1, random); // what was there before does not count
        adapters.backwardMean(theta, batch, dy, 8, mean);
        assertClose(expected, mean, 1e-6);
    }

    @Test
    void tokensOfAnUntrainedModalityPassUnchanged() {
        Random random = new Random(5);
        AdapterLayout layout = AdapterLayout.of("text", H, R, 16);
        FeatureBatch batch = FeatureBatch.of(Batches.samples(4, 8, H, random), H);
        float[] theta = Batches.vector(layout.size(), 0.3, random);
        for (NanoAdapters adapters : List.of(new LoopAdapters(layout), new NdAdapters(layout))) {
            float[] y = adapters.forward(theta, batch).embeds();
            int changed = 0;
            for (int i = 0; i < y.length; i++) {
                if (batch.modality()[i / H] == PromptFeatures.TEXT) {
                    changed += y[i] == batch.prompts().embeds()[i] ? 0 : 1;
                } else {
                    assertEquals(batch.prompts().embeds()[i], y[i]);
                }
            }
            assertEquals(true, changed > 0);
        }
    }

    @Test
    void initialisationIsKaimingUniformAndSeeded() {
        AdapterLayout layout = AdapterLayout.of("both", 100, 8, 16);
        float[] theta = AdapterInit.theta(layout, 1);
        assertArrayEquals(theta, AdapterInit.theta(layout, 1));
        double squares = 0;
        for (int i = layout.downOffset(1); i < layout.upOffset(1); i++) {
            assertEquals(0, theta[i], 0.1);
            squares += theta[i] * theta[i];
        }
        assertEquals(0.1 * 0.1 / 3, squares / 800, 0.0005, "variance of a uniform draw in (-0.1, 0.1)");
        for (int i = layout.upOffset(0); i < layout.downOffset(1); i++) {
            assertEquals(0, theta[i]);
        }
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    private static void assertClose(float[] expected, float[] actual, double tolerance) {
        assertEquals(expected.length, actual.length);
        double size = 1;
        for (float v : expected) {
            size = Math.max(size, Math.abs(v));
        }
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], tolerance * size, "value " + i);
        }
    }
}
