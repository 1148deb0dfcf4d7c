package org.fednano.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.spark.SparkContext;
import org.fednano.gateway.Gateway;
import org.fednano.gateway.Purpose;
import org.fednano.llm.FrozenLlm;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** The {@code encode} job: a partition per client writes the client's features, unless sound ones are there. */
final class Encoding {

    private final SparkContext spark;
    private final Map<String, List<String>> hosts;
    private final Gateway gateway;

    Encoding(SparkContext spark, Map<String, List<String>> hosts, Gateway gateway) {
        this.spark = spark;
        this.hosts = hosts;
        this.gateway = gateway;
    }

    /** What a client's task found or did. */
    private record Result(
            String clientId, boolean sound, long rows, ClientCluster.Cut cut, ExitStatus status, String error)
            implements Serializable {}

    /**
     * What a job found or did.
     *
     * @param clients whose features are missing, or were made
     * @param cuts of prompts, by client
     */
    record Found(List<String> clients, long rows, List<ClientCluster.Cut> cuts) {}

    private static List<ClientCluster.Cut> cuts(List<Result> results) {
        return results.stream()
                .map(Result::cut)
                .filter(c -> c != null && c.prompts() > 0)
                .toList();
    }

    /**
     * Clients whose features are missing, damaged, or of other shards; every client must have training rows.
     *
     * @throws JobException with status 3 if a client's files cannot be read or hold no training rows
     */
    Found check(ClientAccess access, List<String> clients) {
        List<Result> results = run("check of features", clients, new Check(access));
        return new Found(
                results.stream().filter(r -> !r.sound()).map(Result::clientId).toList(), 0, cuts(results));
    }

    /**
     * Every client must have training rows, as the manifest says.
     *
     * @throws JobException with status 3 if one has none, or its files cannot be read
     */
    void requireRows(ClientAccess access, List<String> clients) {
        run("check of shards", clients, new CheckRows(access));
    }

    /**
     * Makes features.
     *
     * @param access with the encoder
     * @return rows encoded, and whose prompts were cut
     * @throws JobException with the status of the first client that failed
     */
    Found make(ClientAccess access, List<String> clients) {
        gateway.begin(Purpose.ENCODE, 0);
        try {
            List<Result> results = run("encoding", clients, new Make(access));
            return new Found(clients, results.stream().mapToLong(Result::rows).sum(), cuts(results));
        } finally {
            gateway.end(Purpose.ENCODE, 0);
        }
    }

    private List<Result> run(String what, List<String> clients, CohortJob.ClientTask<Result> task) {
        ConcurrentLinkedQueue<Result> arrived = new ConcurrentLinkedQueue<>();
        CohortJob.run(
                spark,
                "fednano-encode",
                "FedNano " + what + " · " + clients.size() + " clients",
                clients,
                hosts,
                task,
                (Result result) -> {
                    gateway.left(Purpose.ENCODE, 0, result.clientId());
                    arrived.add(result);
                });
        List<Result> results = new ArrayList<>(arrived);
        results.sort(Comparator.comparing(Result::clientId));
        List<Result> failed =
                results.stream().filter(r -> r.status() != ExitStatus.DONE).toList();
        if (!failed.isEmpty()) {
            Result first = failed.get(0);
            throw new JobException(
                    first.status(),
                    "The " + what + " of client " + first.clientId() + " failed"
                            + (failed.size() > 1 ? " (and of " + (failed.size() - 1) + " more)" : "") + ": "
                            + first.error());
        }
        return results;
    }

    private interface Work {
        Result work() throws Exception;
    }

    /** A task's failure as a result: one client's bad data must not be tried four times. */
    private static Result guarded(String clientId, Work work) {
        try {
            return work.work();
        } catch (JobException e) {
            return new Result(clientId, false, 0, null, e.status(), e.getMessage());
        } catch (Exception e) {
            return new Result(clientId, false, 0, null, ExitStatus.FAILED, e.toString());
        }
    }

    private record Check(ClientAccess access) implements CohortJob.ClientTask<Result> {
        @Override
        public Result run(String clientId) {
            return guarded(clientId, () -> {
                access.rows().requireTrainingRows(clientId);
                boolean sound = access.cache(clientId).sound();
                return new Result(
                        clientId, sound, 0, sound ? access.cache(clientId).cut(clientId) : null, ExitStatus.DONE, "");
            });
        }
    }

    private record CheckRows(ClientAccess access) implements CohortJob.ClientTask<Result> {
        @Override
        public Result run(String clientId) {
            return guarded(clientId, () -> {
                access.rows().requireTrainingRows(clientId);
                return new Result(clientId, true, 0, null, ExitStatus.DONE, "");
            });
        }
    }

    private record Make(ClientAccess access) implements CohortJob.ClientTask<Result> {
        @Override
        public Result run(String clientId) {
            return guarded(clientId, () -> {
                FeatureFiles files = access.cache(clientId);
                long[] count = {0};
                try (FrozenLlm llm = access.open(Purpose.ENCODE, 0, clientId)) {
                    files.write((split, rows) -> access.make(clientId, split, Integer.MAX_VALUE, llm, row -> {
                        count[0]++;
                        rows.accept(row);
                    }));
                }
                if (files.count(Split.TRAIN) == 0) {
                    throw JobException.badInput("Client " + clientId + " needs at least one training row.");
                }
                return new Result(clientId, true, count[0], files.cut(clientId), ExitStatus.DONE, "");
            });
        }
    }
}
