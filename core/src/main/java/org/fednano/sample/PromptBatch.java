package org.fednano.sample;

import java.util.Arrays;
import java.util.List;

/**
 * Prompt embeddings of B samples, padded on the right to T tokens. The arrays are shared, not copied: whoever hands a
 * batch on no longer writes to it.
 *
 * @param embeds (B, T, H), row-major; padding holds zeros
 * @param lengths (B), real tokens of each sample, 1 to T
 * @param tokens T
 * @param hidden H
 */
public record PromptBatch(float[] embeds, int[] lengths, int tokens, int hidden) implements Prompts {

    public PromptBatch {
        long expected = (long) lengths.length * tokens * hidden;
        if (embeds.length != expected) {
            throw new IllegalArgumentException("Embeddings must hold B*T*H values: expected " + lengths.length + "*"
                    + tokens + "*" + hidden + " = " + expected + ", got " + embeds.length);
        }
        for (int length : lengths) {
            if (length < 1 || length > tokens) {
                throw new IllegalArgumentException(
                        "A prompt's length must be 1 to T = " + tokens + " tokens: got " + length);
            }
        }
    }

    @Override
    public long values() {
        return realTokens() * hidden;
    }

    @Override
    public boolean joins(Prompts other) {
        return other instanceof PromptBatch;
    }

    @Override
    public PromptBatch joined(List<? extends Prompts> all) {
        return join(all.stream().map(PromptBatch.class::cast).toList());
    }

    @Override
    public PromptBatch part(int from, int to) {
        int[] some = Arrays.copyOfRange(lengths, from, to);
        int longest = Arrays.stream(some).max().orElse(1);
        return new PromptBatch(resized(embeds, tokens, from, to, longest, hidden), some, longest, hidden);
    }

    /** Several batches one behind the other, padded to the longest. */
    public static PromptBatch join(List<PromptBatch> batches) {
        int hidden = batches.get(0).hidden;
        int size = batches.stream().mapToInt(PromptBatch::size).sum();
        int longest = batches.stream().mapToInt(PromptBatch::tokens).max().orElse(1);
        float[] embeds = new float[Math.multiplyExact(Math.multiplyExact(size, longest), hidden)];
        int[] lengths = new int[size];
        int b = 0;
        for (PromptBatch batch : batches) {
            copyRows(batch.embeds, batch.tokens, 0, embeds, longest, b, batch.size(), hidden);
            System.arraycopy(batch.lengths, 0, lengths, b, batch.size());
            b += batch.size();
        }
        return new PromptBatch(embeds, lengths, longest, hidden);
    }

    /**
     * Samples of a padded array with another padding; what no longer fits is padding.
     *
     * @param rows (·, {@code tokens}, H)
     * @return ({@code to − from}, {@code width}, H)
     */
    public static float[] resized(float[] rows, int tokens, int from, int to, int width, int hidden) {
        float[] some = new float[Math.multiplyExact(Math.multiplyExact(to - from, width), hidden)];
        copyRows(rows, tokens, from, some, width, 0, to - from, hidden);
        return some;
    }

    private static void copyRows(
            float[] source,
            int sourceTokens,
            int from,
            float[] target,
            int targetTokens,
            int to,
            int count,
            int hidden) {
        int wide = Math.min(sourceTokens, targetTokens) * hidden;
        for (int b = 0; b < count; b++) {
            System.arraycopy(
                    source, (from + b) * sourceTokens * hidden, target, (to + b) * targetTokens * hidden, wide);
        }
    }
}
