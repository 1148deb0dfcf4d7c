package org.fednano.algorithm;

import java.util.List;
import java.util.function.Consumer;

/** Where clients run: a plain loop, or partitions of a Spark stage. The same algorithm sees no difference. */
public interface Clients {

    /**
     * Runs {@link FedNano#clientUpdate} on every client of the cohort and returns when all are settled. Outcomes arrive
     * in any order, on any thread, each client's once; a client that never answers has no outcome.
     *
     * @param round what the clients are told
     * @param cohort client ids, sorted
     * @param outcomes takes each outcome as it arrives; returns fast and never throws
     */
    void update(Round round, List<String> cohort, Consumer<ClientOutcome> outcomes);
}
