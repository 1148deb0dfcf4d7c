package org.fednano.llm.wire;

import org.fednano.sample.Features;

/** Where the features lie that a call of the contract's second version names. */
@FunctionalInterface
public interface FeatureSource {

    /** A run's features; null if they are not held under its secret. */
    Features find(String run, String id);
}
