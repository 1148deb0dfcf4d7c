package org.fednano.algorithm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.fednano.adapter.NanoAdapters;
import org.fednano.fisher.FisherKind;
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

    private float[] upload(FisherKind kind, int batch, int samples) {
        LocalTraining local = new LocalTraining(2, batch, STILL, kind, samples, 1);
        Round round = new Round(1, ToyFederation.LAYOUT, theta, 1, local);
        return FedNano.clientUpdate(CLIENT, round, toy.data(CLIENT), toy.llm).fisher();
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
        for (FisherKind kind : List.of(FisherKind.EXACT, FisherKind.LAST_EPOCH)) {
            for (int batch : new int[] {1, 2, 5, 8, 100}) {
                assertClose(expected, upload(kind, batch, 0));
            }
        }
    }

    @Test
    void aCappedPassTakesASeededDraw() {
        LocalTraining local = new LocalTraining(1, 4, STILL, FisherKind.EXACT, 7, 1);
        Round round = new Round(1, ToyFederation.LAYOUT, theta, 1, local);
        LocalBatches batches = new LocalBatches(CLIENT, round, toy.data(CLIENT));
        int rows = 0;
        for (FeatureBatch batch : batches.forFisher()) {
            rows += batch.size();
        }
        assertEquals(7, rows);
        assertArrayEquals(upload(FisherKind.EXACT, 4, 7), upload(FisherKind.EXACT, 4, 7));
        assertClose(sampleLoop(toy.rows.get(CLIENT)), upload(FisherKind.EXACT, 4, 1000));
    }

    @Test
    void plainAveragingUploadsNone() {
        assertEquals(null, upload(FisherKind.NONE, 8, 0));
    }

    private static void assertClose(double[] expected, float[] actual) {
        double size = java.util.Arrays.stream(expected).max().orElseThrow();
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], 1e-6 * size, "coordinate " + i);
        }
    }
}
