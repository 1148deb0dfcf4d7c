package org.fednano.align;

/**
 * One captioned sample as token ids and places of features.
 *
 * @param prompt (T), {@link #MEDIUM} on the tokens of media
 * @param media places of its media in {@link FeatureScratch}, in the prompt's order
 * @param answer (L), end token included
 * @param choices (C)(L_c); empty for a free answer
 * @param answerIndex into {@code choices}, or −1
 */
record AlignSample(int[] prompt, int[] media, int[] answer, int[][] choices, int answerIndex) {

    /** Stands for a medium's token; the LLM's {@code embed} answers zeros for it. */
    static final int MEDIUM = -1;
}
