package org.fednano.algorithm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.fednano.adapter.NanoAdapters;
import org.fednano.method.ClientRule;
import org.fednano.method.FisherRule;
import org.fednano.optimizer.OptimizerSpec;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptFeatures;
import org.junit.jupiter.api.Test;

/** The Fisher diagonal that a client uploads, against a loop over single samples. */
class FisherOfClientTest {

    private static final String CLIENT = "c003";
    // Standing still: then both estimators are the Fisher at θ itself.
    private static final OptimizerSpec STILL = new OptimizerSpec("sgd", 0, 0, 0, 0, 0, 0);

    private final ToyFederation toy = new ToyFederation();
    private final float[] theta = theta();

    private static float[] theta() {
        float[] theta = org.fednano.adapter.AdapterInit.theta(ToyFederation.LAYOUT, 5);
        var random = new java.util.Random(6);
        for (int i = 0; i < theta.length; i++) {
            theta[i] += (float) (0.1 * random.nextGaussian());
        }
        return theta;
    }

    private Round round(ClientRule rule, int epochs, int batch) {
        return new Round(1, ToyFederation.LAYOUT, theta, 1, new LocalTraining(epochs, batch, STILL, 1, epochs), rule);
    }

    private float[] upload(ClientRule rule, int batch) {
        return FedNano.clientUpdate(CLIENT, round(rule, 2, batch), toy.data(CLIENT), toy.llm)
                .uploads()
                .get(FisherRule.NAME);
    }

    private double[] sampleLoop(List<PromptFeatures> rows) {
        double[] squares = new double[theta.length];
        NanoAdapters adapters = NanoAdapters.of(ToyFederation.LAYOUT);
        for (PromptFeatures row : rows) {
            FeatureBatch one = FeatureBatch.of(List.of(row), ToyFederation.H);
            var loss = toy.llm.lossGradient(adapters.forward(theta, one), one.answers(), 1);
            adapters.backward(theta, one, loss.gradient(), 1, g -> {
                for (int i = 0; i < squares.length; i++) {
                    squares[i] += (double) g[i] * g[i] / rows.size();
                }
            });
        }
        return squares;
    }

    @Test
    void bothEstimatorsMatchTheLoopWhateverTheBatchAndItsPadding() {
        double[] expected = sampleLoop(toy.rows.get(CLIENT));
        for (FisherRule rule : List.of(new FisherRule.AfterTraining(0), new FisherRule.InLastEpoch())) {
            for (int batch : new int[] {1, 2, 5, 8, 100}) {
                assertClose(expected, upload(rule, batch));
            }
        }
    }

    @Test
    void aCappedPassTakesASeededDraw() {
        FisherRule seven = new FisherRule.AfterTraining(7);
        LocalBatches batches = new LocalBatches(CLIENT, round(seven, 1, 4), toy.data(CLIENT));
        int rows = 0;
        for (FeatureBatch batch : batches.drawn(7)) {
            rows += batch.size();
        }
        assertEquals(7, rows);
        assertEquals(7, seven.furtherRows(100));
        assertArrayEquals(upload(seven, 4), upload(seven, 4));
        assertClose(sampleLoop(toy.rows.get(CLIENT)), upload(new FisherRule.AfterTraining(1000), 4));
    }

    @Test
    void plainAveragingUploadsNone() {
        assertEquals(null, upload(ClientRule.PLAIN, 8));
    }

    private static void assertClose(double[] expected, float[] actual) {
        double size = java.util.Arrays.stream(expected).max().orElseThrow();
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], 1e-6 * size, "coordinate " + i);
        }
    }
}
