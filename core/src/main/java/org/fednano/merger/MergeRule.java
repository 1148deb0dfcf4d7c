package org.fednano.merger;

/** How the server merges. */
public enum MergeRule {
    /** Weighted mean of the clients' adapters (FedAvg). */
    MEAN,
    /** Each coordinate weighted by the clients' Fisher, as published. */
    FISHER,
    /** The same with each client's Fisher scaled to mean 1 first. */
    NORMALISED_FISHER;

    /** Whether clients must upload a Fisher diagonal. */
    public boolean usesFisher() {
        return this != MEAN;
    }
}
