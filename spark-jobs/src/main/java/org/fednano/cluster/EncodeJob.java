package org.fednano.cluster;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.spark.SparkContext;
import org.fednano.features.ClientRuntime;
import org.fednano.features.EmbeddingSegment;
import org.fednano.features.FeatureFiles;
import org.fednano.features.FeatureMarker;
import org.fednano.gateway.Gateway;
import org.fednano.gateway.GatewayPass;
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
     * What a client's task came to.
     *
     * @param result null if it failed
     * @param status why it failed; {@code DONE} if it did not
     * @param error the same in words; empty if it did not
     */
    record Outcome<R>(String clientId, R result, ExitStatus status, String error) implements Serializable {

        boolean failed() {
            return status != ExitStatus.DONE;
        }
    }

    /**
     * A client's rows as they lie now.
     *
     * @param segments oldest first
     * @param trainingRows in all of them
     */
    record Listed(List<String> segments, long trainingRows) implements Serializable {}

    /**
     * A client's data, looked at.
     *
     * @param missing segments without sound features, as far as they were looked at
     * @param trainingRows in all segments; 0 if they were not counted
     * @param truncated of the features that are there
     */
    record Checked(List<String> missing, long trainingRows, Truncated truncated) implements Serializable {}

    /**
     * Features that were made.
     *
     * @param rows of all splits
     */
    record Encoded(long rows, Truncated truncated) implements Serializable {}

    /**
     * Prompts that were cut to {@code prompt.max_tokens}.
     *
     * @param first id of the first sample; empty if there is none
     */
    record Truncated(long prompts, String first) implements Serializable {

        static Truncated of(Collection<FeatureMarker.Content> contents) {
            return new Truncated(
                    contents.stream().mapToLong(FeatureMarker.Content::cut).sum(),
                    contents.stream()
                            .map(FeatureMarker.Content::firstCut)
                            .filter(s -> !s.isEmpty())
                            .findFirst()
                            .orElse(""));
        }
    }

    /**
     * Looks what each client has; a client that cannot take part says why.
     *
     * @param training those whose training rows are counted, and required
     */
    List<Outcome<Checked>> check(
            ClientRuntime access, List<ClientLocation> clients, Depth depth, Collection<String> training) {
        return run("look at data", clients, new CheckTask(access, stall, depth, Set.copyOf(training)));
    }

    /**
     * Lists the segments of clients, which may have changed, and counts rows.
     *
     * @param limit how long each client may take
     */
    List<Outcome<Listed>> list(ClientRuntime access, List<ClientLocation> clients, DataWindow window, Duration limit) {
        return run("list of data", clients, new ListTask(access, window, limit));
    }

    /**
     * Makes features of the clients' segments.
     *
     * @param access with the encoder
     */
    List<Outcome<Encoded>> encode(ClientRuntime access, List<ClientLocation> clients) {
        gateway.begin(
                Purpose.ENCODE, 0, clients.stream().map(ClientLocation::id).toList());
        try {
            return run("encoding", clients, new EncodeTask(access, stall));
        } finally {
            gateway.end(Purpose.ENCODE, 0);
        }
    }

    private <R> List<Outcome<R>> run(String what, List<ClientLocation> clients, GuardedTask<R> task) {
        if (clients.isEmpty()) {
            return List.of();
        }
        ConcurrentLinkedQueue<Outcome<R>> arrived = new ConcurrentLinkedQueue<>();
        CohortJob.run(
                spark,
                "fednano-encode",
                "FedNano " + what + " · " + clients.size() + " clients",
                clients,
                client -> gateway.pass(Purpose.ENCODE, 0, client),
                task,
                (Outcome<R> outcome) -> {
                    gateway.left(Purpose.ENCODE, 0, outcome.clientId());
                    arrived.add(outcome);
                });
        List<Outcome<R>> all = new ArrayList<>(arrived);
        all.sort(Comparator.comparing(Outcome::clientId));
        return all;
    }

    /** A task whose failure is a result: one client's bad data must not be tried four times. */
    private interface GuardedTask<R> extends CohortJob.ClientTask<Outcome<R>> {

        /** How long the client may show no progress, and which setting says so. */
        StallGuard guard(ClientLocation client);

        R work(ClientLocation client, GatewayPass pass, Runnable progress) throws Exception;

        @Override
        default Outcome<R> run(ClientLocation client, GatewayPass pass) {
            try {
                R result = client.guard(() -> guard(client).run(progress -> work(client, pass, progress)));
                return new Outcome<>(client.id(), result, ExitStatus.DONE, "");
            } catch (JobException e) {
                return new Outcome<>(client.id(), null, e.status(), e.getMessage());
            } catch (Exception e) {
                return new Outcome<>(client.id(), null, ExitStatus.FAILED, e.toString());
            }
        }
    }

    private record ListTask(ClientRuntime access, DataWindow window, Duration limit) implements GuardedTask<Listed> {

        @Override
        public StallGuard guard(ClientLocation client) {
            return new StallGuard(client.id(), RunKeys.OWNER_TIMEOUT, limit, "its rows are listed");
        }

        @Override
        public Listed work(ClientLocation client, GatewayPass pass, Runnable progress) throws Exception {
            try (ClientStore folder = ClientStore.reach(client, access.hadoop())) {
                ClientLocation now = client.with(folder.segments(window));
                return new Listed(now.segments(), new ClientRows(folder.files(), now).requireTrainingRows());
            }
        }
    }

    private record CheckTask(ClientRuntime access, Duration stall, Depth depth, Set<String> training)
            implements GuardedTask<Checked> {

        @Override
        public StallGuard guard(ClientLocation client) {
            return new StallGuard(client.id(), RunKeys.STALL_TIMEOUT, stall, "its data is looked at");
        }

        @Override
        public Checked work(ClientLocation client, GatewayPass pass, Runnable progress) throws Exception {
            try (ClientStore folder = access.open(client)) {
                long rows = training.contains(client.id()) ? folder.rows().requireTrainingRows() : 0;
                if (depth == Depth.EVERYTHING) {
                    EmbeddingSegment.removeLeftovers(folder.files(), client.embeddings(access.llmFingerprint()));
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
                return new Checked(missing, rows, Truncated.of(contents));
            }
        }
    }

    private record EncodeTask(ClientRuntime access, Duration stall) implements GuardedTask<Encoded> {

        @Override
        public StallGuard guard(ClientLocation client) {
            return new StallGuard(client.id(), RunKeys.STALL_TIMEOUT, stall, "it is encoded");
        }

        @Override
        public Encoded work(ClientLocation client, GatewayPass pass, Runnable progress) throws Exception {
            long[] count = {0};
            List<FeatureMarker.Content> contents = new ArrayList<>();
            try (ClientStore folder = access.open(client);
                    FrozenLlm llm = access.llm(pass)) {
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
            return new Encoded(count[0], Truncated.of(contents));
        }
    }
}
