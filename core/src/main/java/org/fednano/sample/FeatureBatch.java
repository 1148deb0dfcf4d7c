package org.fednano.sample;

import java.util.Arrays;
import java.util.List;

/**
 * Features of B samples, padded on the right to T tokens.
 *
 * @param prompts (B, T, H), before any NanoAdapter
 * @param modality (B, T), row-major: modality of each token, −1 on padding
 * @param answers (B, L)
 */
public record FeatureBatch(PromptBatch prompts, byte[] modality, TokenBatch answers) {

    /** Marks padding in {@code modality}. */
    public static final byte NO_TOKEN = -1;

    /** Pads samples to the longest of them. */
    public static FeatureBatch of(List<PromptFeatures> samples, int hidden) {
        int tokens = samples.stream().mapToInt(PromptFeatures::tokens).max().orElseThrow();
        float[] embeds = new float[Math.multiplyExact(Math.multiplyExact(samples.size(), tokens), hidden)];
        byte[] modality = new byte[samples.size() * tokens];
        Arrays.fill(modality, NO_TOKEN);
        int[] lengths = new int[samples.size()];
        for (int b = 0; b < lengths.length; b++) {
            PromptFeatures sample = samples.get(b);
            lengths[b] = sample.tokens();
            System.arraycopy(sample.embeds(), 0, embeds, b * tokens * hidden, sample.tokens() * hidden);
            System.arraycopy(sample.modality(), 0, modality, b * tokens, sample.tokens());
        }
        return new FeatureBatch(
                new PromptBatch(embeds, lengths, tokens, hidden),
                modality,
                TokenBatch.of(samples.stream().map(PromptFeatures::answer).toList()));
    }

    /** B. */
    public int size() {
        return prompts.size();
    }
}
