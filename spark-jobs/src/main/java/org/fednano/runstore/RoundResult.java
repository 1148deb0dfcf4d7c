package org.fednano.runstore;

import java.util.List;
import org.fednano.metrics.RoundMetrics;

/**
 * What a round leaves behind, ready to be committed.
 *
 * @param adapter the new global adapter, with its round
 * @param acceptedClients ids of the merged clients, in the order of the merge; empty for round 0
 * @param metrics rows that become visible with the round
 */
public record RoundResult(AdapterFile adapter, List<String> acceptedClients, RoundMetrics metrics) {
    public RoundResult {
        acceptedClients = List.copyOf(acceptedClients);
    }
}
