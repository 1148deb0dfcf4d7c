package org.fednano.sample;

/**
 * Prompt embeddings of B samples, padded on the right to T tokens. The arrays are shared, not copied: whoever hands a
 * batch on no longer writes to it.
 *
 * @param embeds (B, T, H), row-major; padding holds zeros
 * @param lengths (B), real tokens of each sample, 1 to T
 * @param tokens T
 * @param hidden H
 */
public record PromptBatch(float[] embeds, int[] lengths, int tokens, int hidden) {

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

    /** B. */
    public int size() {
        return lengths.length;
    }
}
