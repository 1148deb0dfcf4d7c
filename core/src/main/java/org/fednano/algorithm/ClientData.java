package org.fednano.algorithm;

import org.fednano.sample.PromptFeatures;

/** A client's own training rows as features, in shard order; random access, because each epoch has its own order. */
public interface ClientData {

    /** Training rows n_k. */
    int size();

    /** Row i, 0 to n_k − 1. */
    PromptFeatures row(int i);
}
