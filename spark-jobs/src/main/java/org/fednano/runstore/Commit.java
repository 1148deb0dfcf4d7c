package org.fednano.runstore;

import java.util.List;

/**
 * A committed round, as its {@code commit.json} says.
 *
 * @param round its number; 0 is the initial adapter
 * @param adapterSha256 SHA-256 of {@code adapter.safetensors}
 * @param adapterBytes its length
 * @param parentRound the round before, or null for round 0
 * @param parentSha256 SHA-256 of the parent's adapter, or null for round 0
 * @param acceptedClients ids of the merged clients, in the order of the merge
 * @param metrics the metric files committed with it
 * @param rowsKept whether the round's folder keeps copies of its published metric files; earlier versions kept none
 */
public record Commit(
        int round,
        String adapterSha256,
        long adapterBytes,
        Integer parentRound,
        String parentSha256,
        List<String> acceptedClients,
        List<MetricFile> metrics,
        boolean rowsKept) {

    public Commit {
        acceptedClients = List.copyOf(acceptedClients);
        metrics = List.copyOf(metrics);
    }

    /**
     * One metric file.
     *
     * @param table table it belongs to
     * @param name file name, in the staging folder and in METRICS
     * @param rows rows in it
     * @param sha256 SHA-256 of its bytes
     */
    public record MetricFile(String table, String name, int rows, String sha256) {}
}
