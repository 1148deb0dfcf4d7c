package org.fednano.gateway;

/** What a session is for; traffic is counted apart. */
public enum Purpose {
    /** A client's part of a round. */
    TRAIN,
    /** Scores and generated answers. */
    EVALUATE,
    /** Rows of the embedding table for cached features. */
    ENCODE
}
