package org.fednano.runstore;

import java.util.List;
import org.fednano.metrics.RoundMetrics;

/**
 * What a round leaves behind, ready to be committed.
 *
 * @param adapter the new global adapter, with its round
 * @param acceptedClients ids of the merged clients, in the order of the merge; empty for round 0
 * @param metrics rows that become visible with the round
 * @param evaluationDue whether the adapter is to be evaluated once it is committed
 */
public record RoundCommit(
        AdapterFile adapter, List<String> acceptedClients, RoundMetrics metrics, boolean evaluationDue) {
    public RoundCommit {
        acceptedClients = List.copyOf(acceptedClients);
    }
}
