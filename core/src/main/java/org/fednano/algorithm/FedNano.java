package org.fednano.algorithm;

/** Placeholder while the seams are laid; the algorithm's one page. */
public final class FedNano {
    private FedNano() {}

    public static ClientUpdate clientUpdate(String clientId, Round round, ClientData data, LossGradient llm) {
        throw new IllegalStateException();
    }
}
