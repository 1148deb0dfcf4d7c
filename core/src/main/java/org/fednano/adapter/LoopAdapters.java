package org.fednano.adapter;

import java.util.Arrays;
import java.util.function.Consumer;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptBatch;

/** The obvious version, token by token: what the fast one is tested against. */
final class LoopAdapters implements NanoAdapters {

    private final AdapterLayout layout;
    private final int hidden; // H
    private final int rank; // R
    private final float scale; // s

    LoopAdapters(AdapterLayout layout) {
        this.layout = layout;
        hidden = layout.hidden();
        rank = layout.rank();
        scale = layout.scale();
    }

    @Override
    public PromptBatch forward(float[] theta, FeatureBatch batch) {
        PromptBatch x = batch.prompts();
        float[] y = x.embeds().clone(); // (B, T, H)
        float[] z = new float[rank];
        for (int token = 0; token < batch.modality().length; token++) {
            int m = trained(batch.modality()[token]);
            if (m >= 0) {
                down(theta, m, x.embeds(), token * hidden, z);
                up(theta, m, z, y, token * hidden);
            }
        }
        return new PromptBatch(y, x.lengths(), x.tokens(), x.hidden());
    }

    @Override
    public void backward(
            float[] theta, FeatureBatch batch, float[] dEmbeds, float gradScale, Consumer<float[]> eachSample) {
        PromptBatch x = batch.prompts();
        float[] gradient = new float[layout.size()];
        float[] z = new float[rank];
        float[] dz = new float[rank];
        for (int b = 0; b < x.size(); b++) {
            Arrays.fill(gradient, 0);
            for (int t = 0; t < x.lengths()[b]; t++) {
                int token = b * x.tokens() + t;
                int m = trained(batch.modality()[token]);
                if (m >= 0) {
                    down(theta, m, x.embeds(), token * hidden, z);
                    sampleGradient(theta, m, x.embeds(), dEmbeds, token * hidden, 1 / gradScale, z, dz, gradient);
                }
            }
            eachSample.accept(gradient);
        }
    }

    @Override
    public void backwardMean(float[] theta, FeatureBatch batch, float[] dEmbeds, float gradScale, float[] mean) {
        double[] sum = new double[mean.length];
        backward(theta, batch, dEmbeds, gradScale, g -> {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += g[i];
            }
        });
        for (int i = 0; i < sum.length; i++) {
            mean[i] = (float) (sum[i] / batch.prompts().size());
        }
    }

    // Which trained modality, or -1.
    private int trained(byte modality) {
        for (int m = 0; m < layout.modalities().size(); m++) {
            if (layout.modalities().get(m).index() == modality) {
                return m;
            }
        }
        return -1;
    }

    // z = x W_down
    private void down(float[] theta, int m, float[] x, int at, float[] z) {
        int w = layout.downOffset(m);
        Arrays.fill(z, 0);
        for (int h = 0; h < hidden; h++) {
            for (int r = 0; r < rank; r++) {
                z[r] += x[at + h] * theta[w + h * rank + r];
            }
        }
    }

    // y += s z W_up
    private void up(float[] theta, int m, float[] z, float[] y, int at) {
        int w = layout.upOffset(m);
        for (int r = 0; r < rank; r++) {
            for (int h = 0; h < hidden; h++) {
                y[at + h] += scale * z[r] * theta[w + r * hidden + h];
            }
        }
    }

    // dW_up += s z dy; dz = s dy W_up^T; dW_down += x dz
    private void sampleGradient(
            float[] theta,
            int m,
            float[] x,
            float[] dEmbeds,
            int at,
            float unscale,
            float[] z,
            float[] dz,
            float[] gradient) {
        int up = layout.upOffset(m);
        int down = layout.downOffset(m);
        for (int r = 0; r < rank; r++) {
            float sum = 0;
            for (int h = 0; h < hidden; h++) {
                float dy = unscale * dEmbeds[at + h];
                gradient[up + r * hidden + h] += scale * z[r] * dy;
                sum += dy * theta[up + r * hidden + h];
            }
            dz[r] = scale * sum;
        }
        for (int h = 0; h < hidden; h++) {
            for (int r = 0; r < rank; r++) {
                gradient[down + h * rank + r] += x[at + h] * dz[r];
            }
        }
    }
}
