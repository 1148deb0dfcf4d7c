package org.fednano.algorithm;

import org.fednano.adapter.AdapterLayout;

/** How prompts travel to the frozen LLM. */
public enum Wire {
    /** As embeddings, each time anew: the contract's first version. */
    EMBEDDINGS,
    /** As features, once, and codes: its second version. */
    CODES,
    /** As whichever of both is fewer bytes. */
    AUTO;

    /**
     * Whether a batch goes as features and codes.
     *
     * @param samples B
     * @param tokens T
     * @param uses of each sample's features that can be counted on, this one included
     * @param gradients whether gradients come back
     */
    public boolean codes(AdapterLayout layout, int samples, int tokens, int uses, boolean gradients) {
        return this == CODES || this == AUTO && pays(layout, samples, tokens, uses, gradients);
    }

    /**
     * Values per sample: T·H each use, and as much back where gradients come, against T·H once and T·R + U·R·H/B each use, and
     * as much back.
     */
    private static boolean pays(AdapterLayout layout, int samples, int tokens, int uses, boolean gradients) {
        int ways = gradients ? 2 : 1;
        double embeddings = (double) tokens * layout.hidden();
        double codes = (double) tokens * layout.rank()
                + (double) layout.modalities().size() * layout.rank() * layout.hidden() / samples;
        return embeddings + uses * ways * codes < uses * ways * embeddings;
    }
}
