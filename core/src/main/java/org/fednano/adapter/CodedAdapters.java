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
 * do on this side of the wire: s · x W_down on the way there, s · xᵀ dCode on the way back. Stateless: safe for any number of
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
                    int[] at = tokens(batch, b, index);
                    if (at.length > 0) {
                        try (NDManager sample = scope.newSubManager()) {
                            NDArray xb = TokenRows.gather(sample, x.embeds(), at, hidden); // (N, H)
                            TokenRows.scatter(xb.matMul(down).muli(layout.scale()), codes, at, rank);
                        }
                    }
                }
            }
        }
        return new CodedPrompts(features(batch), codes, x.tokens(), rank, up, upOf, known);
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
     * The gradient of each sample's own loss: dW_down = s · xᵀ dCode, and of W_up the sample's own part where it came, zeros
     * where only sums did ({@link #upPart}).
     *
     * @param batch as in the forward pass
     * @param found times {@code gradScale}
     * @param gradScale power of two, taken out again
     * @param eachSample is handed d loss[b] / d theta (d) of each sample, b ascending, in one buffer that is used again
     */
    public void backward(FeatureBatch batch, CodeGradients found, float gradScale, Consumer<float[]> eachSample) {
        PromptBatch x = batch.prompts();
        float s = layout.scale() / gradScale;
        float[] gradient = new float[layout.size()];
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            for (int b = 0; b < x.size(); b++) {
                Arrays.fill(gradient, 0);
                for (int m = 0; m < layout.modalities().size(); m++) {
                    int index = layout.modalities().get(m).index();
                    if (found.each().length > 0) {
                        int from = (b * known + index) * rank * hidden;
                        for (int i = 0; i < rank * hidden; i++) {
                            gradient[layout.upOffset(m) + i] = found.each()[from + i] / gradScale;
                        }
                    }
                    int[] at = tokens(batch, b, index);
                    if (at.length > 0) {
                        try (NDManager sample = scope.newSubManager()) {
                            NDArray xb = TokenRows.gather(sample, x.embeds(), at, hidden); // (N, H)
                            NDArray dz = TokenRows.gather(sample, found.codes(), at, rank).muli(s); // (N, R)
                            TokenRows.read(xb.transpose().matMul(dz), gradient, layout.downOffset(m));
                        }
                    }
                }
                eachSample.accept(gradient);
            }
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

    // Places (b, t) of the sample's tokens of one modality, as row numbers in (B*T, .).
    private static int[] tokens(FeatureBatch batch, int b, int modality) {
        int from = b * batch.prompts().tokens();
        return TokenRows.places(batch.modality(), from, batch.prompts().lengths()[b], from, modality);
    }
}
