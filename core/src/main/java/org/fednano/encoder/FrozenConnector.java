package org.fednano.encoder;

import ai.djl.ndarray.NDArray;

/** What leads from an encoder's features to the LLM. Symbols: B media, N tokens, D an encoder's width, H hidden size of the LLM. */
interface FrozenConnector {

    /** D. */
    int width();

    /** H. */
    int hidden();

    /**
     * @param features (B, N, D)
     * @return (B, N, H)
     */
    NDArray project(NDArray features);
}
