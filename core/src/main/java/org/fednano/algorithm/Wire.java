package org.fednano.algorithm;

import org.fednano.adapter.AdapterLayout;

/** How prompts travel to the frozen LLM. */
public enum Wire {
    /** As embeddings, each time anew: the contract's first version. */
    EMBEDDINGS,
    /** As features, once, and codes: its second version. */
    CODES,
    /** As whichever of both is fewer bytes. */
    AUTO,
    /** The same where embeddings and their gradients take two bytes a value, and features and codes four. */
    AUTO_HALF;

    /**
     * Whether a batch goes as features and codes.
     *
     * @param samples B
     * @param tokens T
     * @param uses of each sample's features, in all of the run, that can be counted on
     * @param gradients whether gradients come back
     */
    public boolean codes(AdapterLayout layout, int samples, int tokens, int uses, boolean gradients) {
        return switch (this) {
            case EMBEDDINGS -> false;
            case CODES -> true;
            case AUTO -> pays(layout, samples, tokens, uses, gradients, 1);
            case AUTO_HALF -> pays(layout, samples, tokens, uses, gradients, 0.5);
        };
    }

    /**
     * Values per sample: T·H each use, and as much back where gradients come, against T·H once and T·R + U·R·H/B each use, and
     * as much back.
     *
     * @param size of a value of the embeddings, against one of features and codes
     */
    private static boolean pays(
            AdapterLayout layout, int samples, int tokens, int uses, boolean gradients, double size) {
        double times = (double) uses * (gradients ? 2 : 1);
        double features = (double) tokens * layout.hidden();
        double codes = (double) tokens * layout.rank()
                + (double) layout.modalities().size() * layout.rank() * layout.hidden() / samples;
        return features + times * codes < times * size * features;
    }
}
