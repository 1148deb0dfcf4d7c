package org.fednano.sample;

import java.util.List;

/**
 * What stands before the answers of B samples in a call to the frozen LLM: embeddings, or what they can be made of. Shared,
 * not copied: whoever hands prompts on no longer writes to them.
 */
public sealed interface Prompts permits PromptBatch, CodedPrompts {

    /** (B), real tokens of each sample, 1 to T. */
    int[] lengths();

    /** T. */
    int tokens();

    /** H. */
    int hidden();

    /** B. */
    default int size() {
        return lengths().length;
    }

    /** Tokens that are no padding. */
    default long realTokens() {
        long tokens = 0;
        for (int length : lengths()) {
            tokens += length;
        }
        return tokens;
    }

    /** Values of float32 that say it, padding not counted. */
    long values();

    /** Samples {@code from} to {@code to} − 1, padded to the longest of them. */
    Prompts part(int from, int to);

    /** Whether it can be joined with the other. */
    boolean joins(Prompts other);

    /** Several, one behind the other, padded to the longest; each must {@linkplain #joins join} this one. */
    Prompts joined(List<? extends Prompts> all);
}
