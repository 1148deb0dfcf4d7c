package org.fednano.adapter;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptFeatures;

/** Random inputs of the adapter tests. */
final class Batches {
    private Batches() {}

    static PromptFeatures sample(int tokens, int hidden, Random random) {
        byte[] modality = new byte[tokens];
        for (int t = 0; t < tokens; t++) {
            modality[t] = (byte) random.nextInt(2);
        }
        return new PromptFeatures(
                "s", vector(tokens * hidden, 1, random), modality, new int[] {1}, new int[0][], -1, "a", "c");
    }

    static List<PromptFeatures> samples(int count, int maxTokens, int hidden, Random random) {
        List<PromptFeatures> samples = new ArrayList<>();
        for (int b = 0; b < count; b++) {
            samples.add(sample(1 + random.nextInt(maxTokens), hidden, random));
        }
        return samples;
    }

    static float[] vector(int size, double scale, Random random) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (scale * random.nextGaussian());
        }
        return values;
    }

    /** dLoss/dA(x) as an endpoint gives it: zero on padding. */
    static float[] gradientLike(FeatureBatch batch, Random random) {
        float[] dy = vector(batch.prompts().embeds().length, 1, random);
        int hidden = batch.prompts().hidden();
        for (int i = 0; i < dy.length; i++) {
            if (batch.modality()[i / hidden] == FeatureBatch.NO_TOKEN) {
                dy[i] = 0;
            }
        }
        return dy;
    }

    static List<float[]> gradients(NanoAdapters adapters, float[] theta, FeatureBatch batch, float[] dy, float scale) {
        List<float[]> gradients = new ArrayList<>();
        adapters.backward(theta, batch, dy, scale, g -> gradients.add(g.clone()));
        return gradients;
    }
}
