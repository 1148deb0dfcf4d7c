package org.fednano.sample;

/**
 * What a client's frozen part makes of one sample: the prompt as embeddings before any NanoAdapter, and what is needed
 * to train on it or to score it. It never changes while encoder, connector, tokenizer and preprocessing stay the same.
 *
 * @param sampleId the sample
 * @param embeds (T, H), row-major: connector output on image tokens, embedding-table rows on text tokens; shared, not
 *     copied, not to be changed
 * @param modality (T): of each token: 0 image, 1 text, then those of further encoders; {@code AdapterLayout.Modality.index}
 * @param answer (L): answer token ids, end token included
 * @param choices (C)(L_c): token ids of each choice, end token included; empty for a free answer
 * @param answerIndex index into {@code choices}, or −1
 * @param answerText the answer as text, for exact match
 * @param category skill or topic, for grouping results
 */
public record PromptFeatures(
        String sampleId,
        float[] embeds,
        byte[] modality,
        int[] answer,
        int[][] choices,
        int answerIndex,
        String answerText,
        String category) {

    /** Modality of image tokens. */
    public static final byte IMAGE = 0;

    /** Modality of the prompt's text tokens. */
    public static final byte TEXT = 1;

    /** T. */
    public int tokens() {
        return modality.length;
    }
}
