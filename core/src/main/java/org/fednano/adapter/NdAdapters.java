package org.fednano.adapter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.function.Consumer;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptBatch;
import org.fednano.tensor.TensorEngine;

/**
 * The fast version: matrix products over the tokens of one modality, on DJL; of all samples at once, but where each sample's
 * own gradient is asked for. Each call is one scope of native memory.
 */
final class NdAdapters implements NanoAdapters {

    private final AdapterLayout layout;
    private final int hidden; // H
    private final int rank; // R

    NdAdapters(AdapterLayout layout) {
        this.layout = layout;
        hidden = layout.hidden();
        rank = layout.rank();
    }

    @Override
    public PromptBatch forward(float[] theta, FeatureBatch batch) {
        PromptBatch x = batch.prompts();
        float[] y = x.embeds().clone(); // (B, T, H)
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            for (int m = 0; m < layout.modalities().size(); m++) {
                int[] at = tokens(batch, 0, x.size(), layout.modalities().get(m).index());
                if (at.length > 0) {
                    NDArray xm = TokenRows.gather(scope, x.embeds(), at, hidden); // (N, H)
                    NDArray ym = xm.matMul(TokenRows.matrix(scope, theta, layout.downOffset(m), hidden, rank))
                            .matMul(TokenRows.matrix(scope, theta, layout.upOffset(m), rank, hidden))
                            .muli(layout.scale())
                            .addi(xm);
                    TokenRows.scatter(ym, y, at, hidden);
                }
            }
        }
        return new PromptBatch(y, x.lengths(), x.tokens(), x.hidden());
    }

    @Override
    public void backward(
            float[] theta, FeatureBatch batch, float[] dEmbeds, float gradScale, Consumer<float[]> eachSample) {
        float[] gradient = new float[layout.size()];
        try (Backward pass = new Backward(theta, batch, dEmbeds, layout.scale() / gradScale)) {
            for (int b = 0; b < batch.prompts().size(); b++) {
                pass.sum(b, b + 1, gradient);
                eachSample.accept(gradient);
            }
        }
    }

    @Override
    public void backwardMean(float[] theta, FeatureBatch batch, float[] dEmbeds, float gradScale, float[] mean) {
        int samples = batch.prompts().size();
        try (Backward pass = new Backward(theta, batch, dEmbeds, layout.scale() / gradScale / samples)) {
            pass.sum(0, samples, mean);
        }
    }

    /** The closed form over the tokens of some samples. */
    private final class Backward implements AutoCloseable {

        private final FeatureBatch batch;
        private final float[] dEmbeds;
        private final float factor;
        private final NDManager scope = NDManager.newBaseManager(Device.cpu());
        private final NDArray[] down = new NDArray[layout.modalities().size()];
        private final NDArray[] upT = new NDArray[down.length]; // (H, R)

        /** @param factor s, and what else the gradients are multiplied by */
        Backward(float[] theta, FeatureBatch batch, float[] dEmbeds, float factor) {
            this.batch = batch;
            this.dEmbeds = dEmbeds;
            this.factor = factor;
            TensorEngine.limitThreads();
            for (int m = 0; m < down.length; m++) {
                down[m] = TokenRows.matrix(scope, theta, layout.downOffset(m), hidden, rank);
                upT[m] = TokenRows.matrix(scope, theta, layout.upOffset(m), rank, hidden)
                        .transpose();
            }
        }

        /** Fills in the sum of the gradients of samples {@code from} to {@code to}, times the factor. */
        void sum(int from, int to, float[] gradient) {
            for (int m = 0; m < down.length; m++) {
                int[] at = tokens(batch, from, to, layout.modalities().get(m).index());
                if (at.length == 0) {
                    Arrays.fill(gradient, layout.downOffset(m), layout.upOffset(m) + rank * hidden, 0);
                    continue;
                }
                try (NDManager memory = scope.newSubManager()) {
                    NDArray x = TokenRows.gather(memory, batch.prompts().embeds(), at, hidden); // (N, H)
                    NDArray dy = TokenRows.gather(memory, dEmbeds, at, hidden); // (N, H), times gradScale
                    NDArray z = x.matMul(down[m]).muli(factor); // (N, R), scaled
                    NDArray dz = dy.matMul(upT[m]).muli(factor); // (N, R)
                    TokenRows.read(z.transpose().matMul(dy), gradient, layout.upOffset(m));
                    TokenRows.read(x.transpose().matMul(dz), gradient, layout.downOffset(m));
                }
            }
        }

        @Override
        public void close() {
            scope.close();
        }
    }

    // Places (b, t) of some samples' tokens of one modality, as row numbers in (B*T, H).
    static int[] tokens(FeatureBatch batch, int fromSample, int toSample, byte modality) {
        PromptBatch x = batch.prompts();
        int[] at = new int[(toSample - fromSample) * x.tokens()];
        int n = 0;
        for (int b = fromSample; b < toSample; b++) {
            for (int t = 0; t < x.lengths()[b]; t++) {
                if (batch.modality()[b * x.tokens() + t] == modality) {
                    at[n++] = b * x.tokens() + t;
                }
            }
        }
        return Arrays.copyOf(at, n);
    }
}
