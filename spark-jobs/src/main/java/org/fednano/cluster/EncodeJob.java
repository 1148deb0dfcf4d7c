package org.fednano.cluster;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.spark.SparkContext;
import org.fednano.features.ClientRuntime;
import org.fednano.features.EmbeddingSegment;
import org.fednano.features.FeatureFiles;
import org.fednano.features.FeatureMarker;
import org.fednano.gateway.Gateway;
import org.fednano.gateway.Purpose;
import org.fednano.llm.FrozenLlm;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.fednano.shards.ClientLocation;
import org.fednano.shards.ClientRows;
import org.fednano.shards.ClientStore;
import org.fednano.shards.DataWindow;
import org.fednano.spark.CohortJob;
import org.fednano.spark.StallGuard;

/** The {@code encode} job: a partition per client looks for the client's features, and another one makes what is missing. */
final class EncodeJob {

    /** How closely features are looked at. */
    enum Depth {
        /** Not at all: they are made in the rounds. */
        ROWS,
        /** Whether they are of the rows that are there now. */
        MARKERS,
        /** Whether every byte is as it was written, too. */
        EVERYTHING
    }

    private final SparkContext spark;
    private final Gateway gateway;
    private final Duration stall;

    /**
     * @param stall how long a client may show no progress
     */
    EncodeJob(SparkContext spark, Gateway gateway, Duration stall) {
        this.spark = spark;
        this.gateway = gateway;
        this.stall = stall;
    }

    /**
     * What a client's task found or did.
     *
     * @param segments that it has, oldest first
     * @param missing those without sound features
     * @param trainingRows in all segments
     * @param encoded rows whose features were made
     * @param cut prompts that were cut, of the features that are there
     * @param firstCut id of the first of them, or empty
     * @param error empty if all went well
     */
    record Found(
            String clientId,
            List<String> segments,
            List<String> missing,
            long trainingRows,
            long encoded,
            long cut,
            String firstCut,
            ExitStatus status,
            String error)
            implements Serializable {

        boolean failed() {
            return status != ExitStatus.DONE;
        }
    }

    /**
     * Looks what each client has; a client that cannot take part says why.
     *
     * @param count whether its training rows are counted, and required
     */
    List<Found> look(ClientRuntime access, List<ClientLocation> clients, Depth depth, boolean count) {
        return run("look at data", clients, new Look(access, stall, depth, count));
    }

    /**
     * Lists the segments of clients, which may have changed, and counts rows.
     *
     * @param limit how long each client may take
     */
    List<Found> list(ClientRuntime access, List<ClientLocation> clients, DataWindow window, Duration limit) {
        return run("list of data", clients, new Listing(access, window, limit));
    }

    /**
     * Makes features of the places' segments.
     *
     * @param access with the encoder
     */
    List<Found> make(ClientRuntime access, List<ClientLocation> clients) {
        gateway.begin(Purpose.ENCODE, 0);
        try {
            return run("encoding", clients, new Make(access, stall));
        } finally {
            gateway.end(Purpose.ENCODE, 0);
        }
    }

    private List<Found> run(String what, List<ClientLocation> clients, CohortJob.ClientTask<Found> task) {
        if (clients.isEmpty()) {
            return List.of();
        }
        ConcurrentLinkedQueue<Found> arrived = new ConcurrentLinkedQueue<>();
        CohortJob.run(
                spark,
                "fednano-encode",
                "FedNano " + what + " · " + clients.size() + " clients",
                clients,
                task,
                (Found found) -> {
                    gateway.left(Purpose.ENCODE, 0, found.clientId());
                    arrived.add(found);
                });
        List<Found> all = new ArrayList<>(arrived);
        all.sort(Comparator.comparing(Found::clientId));
        return all;
    }

    /** A task's failure as a result: one client's bad data must not be tried four times. */
    private static Found guarded(ClientLocation client, Callable<Found> work) {
        try {
            return client.guard(work);
        } catch (JobException e) {
            return failed(client, e.status(), e.getMessage());
        } catch (Exception e) {
            return failed(client, ExitStatus.FAILED, e.toString());
        }
    }

    private static Found failed(ClientLocation client, ExitStatus status, String error) {
        return new Found(client.id(), List.of(), List.of(), 0, 0, 0, "", status, error);
    }

    private static Found found(
            ClientLocation client,
            List<String> missing,
            long trainingRows,
            long encoded,
            Collection<FeatureMarker.Content> contents) {
        return new Found(
                client.id(),
                client.segments(),
                missing,
                trainingRows,
                encoded,
                contents.stream().mapToLong(FeatureMarker.Content::cut).sum(),
                contents.stream()
                        .map(FeatureMarker.Content::firstCut)
                        .filter(s -> !s.isEmpty())
                        .findFirst()
                        .orElse(""),
                ExitStatus.DONE,
                "");
    }

    private record Listing(ClientRuntime access, DataWindow window, Duration limit)
            implements CohortJob.ClientTask<Found> {

        @Override
        public Found run(ClientLocation client) {
            StallGuard guard = new StallGuard(client.id(), RunKeys.OWNER_TIMEOUT, limit, "its rows are listed");
            return guarded(
                    client,
                    () -> guard.run(progress -> {
                        try (ClientStore folder = ClientStore.reach(client, access.hadoop())) {
                            ClientLocation now = client.with(folder.segments(window));
                            return found(
                                    now,
                                    List.of(),
                                    new ClientRows(folder.files(), now).requireTrainingRows(),
                                    0,
                                    List.of());
                        }
                    }));
        }
    }

    private record Look(ClientRuntime access, Duration stall, Depth depth, boolean count)
            implements CohortJob.ClientTask<Found> {

        @Override
        public Found run(ClientLocation client) {
            StallGuard guard = new StallGuard(client.id(), RunKeys.STALL_TIMEOUT, stall, "its data is looked at");
            return guarded(
                    client,
                    () -> guard.run(progress -> {
                        try (ClientStore folder = access.open(client)) {
                            long rows = count ? folder.rows().requireTrainingRows() : 0;
                            if (depth == Depth.EVERYTHING) {
                                EmbeddingSegment.removeLeftovers(
                                        folder.files(), client.embeddings(access.llmFingerprint()));
                            }
                            List<String> missing = new ArrayList<>();
                            List<FeatureMarker.Content> contents = new ArrayList<>();
                            for (String segment : depth == Depth.ROWS ? List.<String>of() : client.segments()) {
                                FeatureFiles features = FeatureFiles.of(folder, access.featuresFingerprint(), segment);
                                if (depth == Depth.EVERYTHING) {
                                    features.removeLeftovers();
                                }
                                if (depth == Depth.EVERYTHING ? features.sound(progress) : features.current()) {
                                    contents.addAll(features.contents());
                                } else {
                                    missing.add(segment);
                                }
                            }
                            return found(client, missing, rows, 0, contents);
                        }
                    }));
        }
    }

    private record Make(ClientRuntime access, Duration stall) implements CohortJob.ClientTask<Found> {

        @Override
        public Found run(ClientLocation client) {
            StallGuard guard = new StallGuard(client.id(), RunKeys.STALL_TIMEOUT, stall, "it is encoded");
            return guarded(
                    client,
                    () -> guard.run(progress -> {
                        long[] count = {0};
                        List<FeatureMarker.Content> contents = new ArrayList<>();
                        try (ClientStore folder = access.open(client);
                                FrozenLlm llm = access.llm(Purpose.ENCODE, 0, client.id())) {
                            for (String segment : client.segments()) {
                                FeatureFiles features = FeatureFiles.of(folder, access.featuresFingerprint(), segment);
                                features.write((split, rows) ->
                                        access.make(client, folder, segment, split, Integer.MAX_VALUE, llm, row -> {
                                            count[0]++;
                                            rows.accept(row);
                                            progress.run();
                                        }));
                                contents.addAll(features.contents());
                            }
                        }
                        return found(client, List.of(), 0, count[0], contents);
                    }));
        }
    }
}
