package org.fednano.algorithm;

import java.time.Instant;
import java.util.List;

/**
 * A merged round that has its quorum.
 *
 * @param global θ' with its round number
 * @param clients what came of each client of the cohort, sorted by id
 * @param firstEpochLoss mean over merged clients, weighted by n_k, of their first local epoch's loss, nats per token
 * @param lastEpochLoss the same of their last local epoch
 * @param updateNorm L2 norm of θ' − θ
 * @param clampedValues values of θ', or of the mean that it is made of, that {@code merger.clamp} held
 * @param startedAt when the round started
 * @param wallSeconds from then until θ' was there
 */
public record RoundResult(
        GlobalAdapter global,
        List<ClientReport> clients,
        double firstEpochLoss,
        double lastEpochLoss,
        double updateNorm,
        int clampedValues,
        Instant startedAt,
        double wallSeconds) {

    public RoundResult {
        clients = List.copyOf(clients);
    }

    /** t. */
    public int number() {
        return global.round();
    }

    /** Clients of the cohort with that fate. */
    public int count(ClientReport.Fate fate) {
        return (int) clients.stream().filter(c -> c.fate() == fate).count();
    }

    /** Ids of the clients whose updates were merged, sorted. */
    public List<String> merged() {
        return clients.stream()
                .filter(c -> c.fate() == ClientReport.Fate.MERGED)
                .map(ClientReport::clientId)
                .toList();
    }
}
