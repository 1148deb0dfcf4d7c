package org.fednano.adapter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.Features;
import org.fednano.sample.PromptBatch;
import org.fednano.tensor.TensorEngine;

/**
 * The same adapters as {@link NanoAdapters} for whoever sends features and codes instead of embeddings. What is left to
 * do on this side of the wire: x W_down on the way there, xᵀ dCode on the way back. Stateless: safe for any number of
 * threads.
 */
public final class CodedAdapters {

    private final AdapterLayout layout;
    private final int hidden; // H
    private final int rank; // R
    private final int known; // M

    public CodedAdapters(AdapterLayout layout) {
        this.layout = layout;
        hidden = layout.hidden();
        rank = layout.rank();
        known = layout.modalities().get(layout.modalities().size() - 1).index() + 1;
    }

    /**
     * A batch as features and codes; {@link Codes#embeddings} of them is {@link NanoAdapters#forward} but for rounding.
     *
     * @param theta (d), in the layout's order
     * @param batch features x (B, T, H)
     */
    public CodedPrompts forward(float[] theta, FeatureBatch batch) {
        PromptBatch x = batch.prompts();
        float[] codes = new float[x.size() * x.tokens() * rank]; // (B, T, R)
        float[] up = new float[layout.modalities().size() * rank * hidden]; // (U, R, H)
        int[] upOf = new int[x.size() * known]; // (B, M)
        Arrays.fill(upOf, CodedPrompts.NONE);
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            for (int m = 0; m < layout.modalities().size(); m++) {
                int index = layout.modalities().get(m).index();
                System.arraycopy(theta, layout.upOffset(m), up, m * rank * hidden, rank * hidden);
                NDArray down = TokenRows.matrix(scope, theta, layout.downOffset(m), hidden, rank);
                for (int b = 0; b < x.size(); b++) {
                    upOf[b * known + index] = m;
                }
                int[] at = NdAdapters.tokens(batch, 0, x.size(), (byte) index);
                if (at.length > 0) {
                    NDArray xm = TokenRows.gather(scope, x.embeds(), at, hidden); // (N, H)
                    TokenRows.scatter(xm.matMul(down), codes, at, rank);
                }
            }
        }
        return new CodedPrompts(features(batch), codes, x.tokens(), rank, layout.scale(), up, upOf, known);
    }

    private List<Features> features(FeatureBatch batch) {
        PromptBatch x = batch.prompts();
        List<Features> features = new ArrayList<>(x.size());
        for (int b = 0; b < x.size(); b++) {
            int from = b * x.tokens();
            int to = from + x.lengths()[b];
            features.add(Features.of(
                    Arrays.copyOfRange(x.embeds(), from * hidden, to * hidden),
                    Arrays.copyOfRange(batch.modality(), from, to),
                    hidden));
        }
        return features;
    }

    /**
     * The gradient of each sample's own loss: dW_down = xᵀ dCode, and of W_up the sample's own part where it came, zeros
     * where only sums did ({@link #upPart}).
     *
     * @param batch as in the forward pass
     * @param found times {@code gradScale}
     * @param gradScale power of two, taken out again
     * @param eachSample is handed d loss[b] / d theta (d) of each sample, b ascending, in one buffer that is used again
     */
    public void backward(FeatureBatch batch, CodeGradients found, float gradScale, Consumer<float[]> eachSample) {
        float[] gradient = new float[layout.size()];
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            for (int b = 0; b < batch.size(); b++) {
                for (int m = 0; m < layout.modalities().size(); m++) {
                    down(scope, batch, b, b + 1, m, found.codes(), 1 / gradScale, gradient);
                    int from = (b * known + layout.modalities().get(m).index()) * rank * hidden;
                    for (int i = 0; i < rank * hidden && found.each().length > 0; i++) {
                        gradient[layout.upOffset(m) + i] = found.each()[from + i] / gradScale;
                    }
                }
                eachSample.accept(gradient);
            }
        }
    }

    /**
     * The gradient of a batch's mean loss, from the sum of W_up's.
     *
     * @param mean is filled with (d): the mean over b of d loss[b] / d theta
     */
    public void backwardMean(FeatureBatch batch, CodeGradients found, float gradScale, float[] mean) {
        float factor = 1 / gradScale / batch.size();
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            for (int m = 0; m < layout.modalities().size(); m++) {
                down(scope, batch, 0, batch.size(), m, found.codes(), factor, mean);
                for (int i = 0; i < rank * hidden; i++) {
                    mean[layout.upOffset(m) + i] = factor * found.up()[m * rank * hidden + i];
                }
            }
        }
    }

    /** Fills in xᵀ dCode over some samples' tokens, times a factor. */
    private void down(
            NDManager scope,
            FeatureBatch batch,
            int from,
            int to,
            int m,
            float[] codes,
            float factor,
            float[] gradient) {
        int[] at = NdAdapters.tokens(batch, from, to, layout.modalities().get(m).index());
        if (at.length == 0) {
            Arrays.fill(gradient, layout.downOffset(m), layout.downOffset(m) + hidden * rank, 0);
            return;
        }
        try (NDManager memory = scope.newSubManager()) {
            NDArray x = TokenRows.gather(memory, batch.prompts().embeds(), at, hidden); // (N, H)
            NDArray dz = TokenRows.gather(memory, codes, at, rank).muli(factor); // (N, R)
            TokenRows.read(x.transpose().matMul(dz), gradient, layout.downOffset(m));
        }
    }

    /**
     * Values of the matrices W_up (U, R, H) where the layout has them.
     *
     * @param factor that multiplies them
     * @return (d), zero elsewhere
     */
    public double[] upPart(float[] matrices, double factor) {
        double[] all = new double[layout.size()];
        int size = rank * hidden;
        for (int m = 0; m < layout.modalities().size(); m++) {
            for (int i = 0; i < size; i++) {
                all[layout.upOffset(m) + i] = factor * matrices[m * size + i];
            }
        }
        return all;
    }
}
