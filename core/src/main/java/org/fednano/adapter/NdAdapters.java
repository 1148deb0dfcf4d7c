package org.fednano.adapter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.function.Consumer;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptBatch;
import org.fednano.tensor.TensorEngine;

/**
 * The fast version: matrix products over a sample's tokens of one modality, on DJL. Each call is one scope of native
 * memory. One sample at a time, so that a product's shape, and with it its rounding, depends on that sample alone.
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
                NDArray down = matrix(scope, theta, layout.downOffset(m), hidden, rank);
                NDArray up = matrix(scope, theta, layout.upOffset(m), rank, hidden);
                for (int b = 0; b < x.size(); b++) {
                    int[] at = tokens(batch, b, layout.modalities().get(m).index());
                    if (at.length > 0) {
                        try (NDManager sample = scope.newSubManager()) {
                            NDArray xb = gather(sample, x.embeds(), at); // (N, H)
                            NDArray yb = xb.matMul(down)
                                    .matMul(up)
                                    .muli(layout.scale())
                                    .addi(xb);
                            scatter(yb, y, at);
                        }
                    }
                }
            }
        }
        return new PromptBatch(y, x.lengths(), x.tokens(), x.hidden());
    }

    @Override
    public void backward(
            float[] theta, FeatureBatch batch, float[] dEmbeds, float gradScale, Consumer<float[]> eachSample) {
        PromptBatch x = batch.prompts();
        float s = layout.scale() / gradScale;
        int modalities = layout.modalities().size();
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            NDArray[] down = new NDArray[modalities];
            NDArray[] upT = new NDArray[modalities]; // (H, R)
            for (int m = 0; m < modalities; m++) {
                down[m] = matrix(scope, theta, layout.downOffset(m), hidden, rank);
                upT[m] = matrix(scope, theta, layout.upOffset(m), rank, hidden).transpose();
            }
            float[] gradient = new float[layout.size()];
            for (int b = 0; b < x.size(); b++) {
                for (int m = 0; m < modalities; m++) {
                    int[] at = tokens(batch, b, layout.modalities().get(m).index());
                    if (at.length == 0) {
                        Arrays.fill(gradient, layout.downOffset(m), layout.upOffset(m) + rank * hidden, 0);
                        continue;
                    }
                    try (NDManager sample = scope.newSubManager()) {
                        NDArray xb = gather(sample, x.embeds(), at); // (N, H)
                        NDArray dy = gather(sample, dEmbeds, at); // (N, H), times gradScale
                        NDArray z = xb.matMul(down[m]).muli(s); // (N, R), scaled
                        NDArray dz = dy.matMul(upT[m]).muli(s); // (N, R)
                        read(z.transpose().matMul(dy), gradient, layout.upOffset(m));
                        read(xb.transpose().matMul(dz), gradient, layout.downOffset(m));
                    }
                }
                eachSample.accept(gradient);
            }
        }
    }

    // Places (b, t) of the sample's tokens of one modality, as row numbers in (B*T, H).
    private static int[] tokens(FeatureBatch batch, int b, byte modality) {
        int from = b * batch.prompts().tokens();
        int[] at = new int[batch.prompts().lengths()[b]];
        int n = 0;
        for (int t = 0; t < at.length; t++) {
            if (batch.modality()[from + t] == modality) {
                at[n++] = from + t;
            }
        }
        return Arrays.copyOf(at, n);
    }

    // The tensor's own memory: no copy by way of a direct buffer that waits for the collector, and aligned alike every
    // time, without which MKL does not promise the same bits.
    private static FloatBuffer memory(NDArray array) {
        return array.toByteBuffer(true).asFloatBuffer();
    }

    private static NDArray matrix(NDManager scope, float[] theta, int offset, int rows, int columns) {
        NDArray array = scope.create(new Shape(rows, columns), DataType.FLOAT32);
        memory(array).put(theta, offset, rows * columns);
        return array;
    }

    private NDArray gather(NDManager scope, float[] values, int[] at) {
        NDArray array = scope.create(new Shape(at.length, hidden), DataType.FLOAT32);
        FloatBuffer memory = memory(array);
        for (int i = 0; i < at.length; ) {
            int run = run(at, i);
            memory.put(values, at[i] * hidden, run * hidden);
            i += run;
        }
        return array;
    }

    private void scatter(NDArray array, float[] values, int[] at) {
        FloatBuffer memory = memory(array);
        for (int i = 0; i < at.length; ) {
            int run = run(at, i);
            memory.get(values, at[i] * hidden, run * hidden);
            i += run;
        }
    }

    // Neighbouring tokens from place i on: they are copied at once.
    private static int run(int[] at, int i) {
        int n = 1;
        while (i + n < at.length && at[i + n] == at[i] + n) {
            n++;
        }
        return n;
    }

    private static void read(NDArray array, float[] to, int offset) {
        memory(array).get(to, offset, Math.toIntExact(array.size()));
    }
}
