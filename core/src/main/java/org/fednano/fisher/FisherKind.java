package org.fednano.fisher;

/** Which diagonal Fisher a client uploads. */
public enum FisherKind {
    /** None: plain averaging. */
    NONE,
    /** One extra pass over the training rows at θ_k. */
    EXACT,
    /** Squares collected during the last local epoch: no extra pass, but θ still moves. */
    LAST_EPOCH
}
