package org.fednano.algorithm;

import java.util.List;

/** Where clients run: a plain loop, or partitions of a Spark stage. The same algorithm sees no difference. */
@FunctionalInterface
public interface ClientBackend {

    /**
     * Runs {@link FedNano#clientUpdate}, inside {@link ClientOutcome#settle}, on every client of the cohort and returns
     * when all are settled or given up. Outcomes arrive in any order, on any thread; of several of one client the first
     * counts; a client without one is missing. If the cluster fails in between, an implementation returns with what has
     * arrived: the quorum decides. What it throws ends the run, with nothing of the round committed.
     *
     * @param round what the clients are told
     * @param cohort client ids, sorted
     * @param outcomes takes each outcome as it arrives
     */
    void update(Round round, List<String> cohort, OutcomeSink outcomes);

    /** Training rows of a client as far as the server itself knows them, by the start of its round; 0: it does not. */
    default long trainingRows(String clientId) {
        return 0;
    }
}
