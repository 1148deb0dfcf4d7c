package org.fednano.cluster;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.fednano.algorithm.ClientBackend;
import org.fednano.algorithm.ClientData;
import org.fednano.algorithm.ClientOutcome;
import org.fednano.algorithm.ClientUpdate;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.OutcomeSink;
import org.fednano.algorithm.Round;
import org.fednano.features.ClientRuntime;
import org.fednano.features.SpilledRows;
import org.fednano.gateway.Gateway;
import org.fednano.gateway.GatewayPass;
import org.fednano.gateway.Purpose;
import org.fednano.gateway.Traffic;
import org.fednano.llm.FrozenLlm;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.shards.ClientLocation;
import org.fednano.shards.ClientStore;
import org.fednano.spark.CohortJob;
import org.fednano.spark.JobCancelledException;
import org.fednano.spark.LostTasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Clients as partitions: a round is one Spark job with one stage, one partition per client of the cohort. The round
 * (with θ) is broadcast once and destroyed after; outcomes reach the consumer as tasks end. What a hanging client
 * cannot be told by the gateway, a cancellation tells it after the grace period; what has arrived by then counts.
 */
public final class SparkClients implements ClientBackend, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SparkClients.class);
    private static final Duration LOOK = Duration.ofMillis(200);

    private final JavaSparkContext spark;
    private final ClientRuntime access;
    private final Function<String, ClientLocation> places;
    private final ToLongFunction<String> trainingRows;
    private final Gateway gateway;
    private final Duration limit;
    private final Duration grace;
    private int goal;
    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "fednano-round-watch");
        thread.setDaemon(true);
        return thread;
    });
    private Map<String, Traffic> traffic = Map.of();

    /**
     * @param access what tasks need
     * @param places where a client is now, by its id
     * @param trainingRows how many a client has, as far as is known: the largest begins first, so that none is left for last
     * @param gateway the driver's gateway; it opens and closes with each round
     * @param deadline how long a client may take from its start
     * @param grace how long after that the round waits before it cancels what is left
     */
    SparkClients(
            SparkContext spark,
            ClientRuntime access,
            Function<String, ClientLocation> places,
            ToLongFunction<String> trainingRows,
            Gateway gateway,
            Duration deadline,
            Duration grace) {
        this.spark = JavaSparkContext.fromSparkContext(spark);
        this.access = access;
        this.places = places;
        this.trainingRows = trainingRows;
        this.gateway = gateway;
        this.limit = deadline.plus(grace);
        this.grace = grace;
    }

    /** Says how many rounds there are to be, for who looks on. */
    public void goal(int rounds) {
        goal = rounds;
    }

    @Override
    public void update(Round round, List<String> cohort, OutcomeSink outcomes) {
        String group = "fednano-round-" + round.number();
        String description = "FedNano round " + round.number() + (goal == 0 ? "" : " of " + goal) + " · "
                + cohort.size() + " clients";
        List<String> bySize = cohort.stream()
                .sorted(Comparator.comparingLong(trainingRows).reversed())
                .toList();
        Broadcast<Round> broadcast = spark.broadcast(round);
        gateway.begin(Purpose.TRAIN, round.number(), cohort);
        Watch state = new Watch(round.number(), group);
        ScheduledFuture<?> looking =
                watch.scheduleWithFixedDelay(state::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
        LostTasks lost =
                new LostTasks(spark.sc(), group, i -> gateway.lost(Purpose.TRAIN, round.number(), bySize.get(i)));
        try {
            CohortJob.run(
                    spark.sc(),
                    group,
                    description,
                    bySize.stream().map(places).toList(),
                    client -> gateway.pass(Purpose.TRAIN, round.number(), client),
                    new Part(access, broadcast),
                    new CohortJob.Results<>() {
                        @Override
                        public void accept(ClientOutcome outcome) {
                            state.ended(outcome.clientId());
                            gateway.left(Purpose.TRAIN, round.number(), outcome.clientId());
                            outcomes.accept(outcome);
                        }

                        @Override
                        public void awaitRoom() {
                            outcomes.awaitRoom();
                        }
                    });
        } catch (JobCancelledException e) {
            if (!state.cancelled) {
                throw e;
            }
            LOG.warn("The job of round {} was cancelled; {} outcomes had arrived", round.number(), state.endedCount());
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            // Scala throws it unchecked: an executor's JVM died once too often.
            if (!(e instanceof SparkException)) {
                throw new IllegalStateException(e);
            }
            requireRunning(round.number());
            LOG.warn("The job of round {} ended early; {} outcomes had arrived", round.number(), state.endedCount(), e);
        } finally {
            looking.cancel(false);
            lost.close();
            traffic = gateway.end(Purpose.TRAIN, round.number());
            broadcast.destroy();
        }
    }

    /** A driver that is being stopped must not merge the part of a round that happened to be there. */
    private void requireRunning(int round) {
        if (spark.sc().isStopped()) {
            throw new JobException(
                    ExitStatus.FAILED,
                    "Spark was stopped during round " + round
                            + ": nothing of it is committed. Call the command again to"
                            + " go on from the last committed round.");
        }
    }

    /** What each client of the last round moved through the gateway, by client id. */
    public Map<String, Traffic> traffic() {
        return traffic;
    }

    @Override
    public void close() {
        watch.shutdownNow();
    }

    /** One client's part, on an executor. */
    private record Part(ClientRuntime access, Broadcast<Round> round) implements CohortJob.ClientTask<ClientOutcome> {
        @Override
        public ClientOutcome run(ClientLocation client, GatewayPass pass) {
            return ClientOutcome.settle(client.id(), () -> client.guard(() -> update(client, pass)));
        }

        private ClientUpdate update(ClientLocation client, GatewayPass pass) {
            Round told = round.value();
            // The session comes first: with it the client's deadline begins, which covers a file system that stalls.
            try (FrozenLlm llm = access.llm(pass);
                    ClientStore folder = access.open(client);
                    SpilledRows rows = access.rows(client, folder, Split.TRAIN, llm)) {
                return FedNano.clientUpdate(client.id(), told, required(client, rows), llm)
                        .withCutPrompts(rows.cut());
            }
        }

        private ClientData required(ClientLocation client, ClientData rows) {
            if (rows.size() == 0) {
                throw JobException.badInput("Client " + client.id() + " needs at least one training row in "
                        + client.trainingRows() + ": found none.");
            }
            return rows;
        }
    }

    /** Watches for clients that hang past deadline and grace. */
    private final class Watch {
        private final int round;
        private final String group;
        private final Set<String> ended = ConcurrentHashMap.newKeySet();
        private volatile long lastEndNanos = System.nanoTime();
        private volatile boolean cancelled;

        Watch(int round, String group) {
            this.round = round;
            this.group = group;
        }

        void ended(String clientId) {
            lastEndNanos = System.nanoTime();
            ended.add(clientId);
        }

        int endedCount() {
            return ended.size();
        }

        /** Cancels if all that run are overdue and nothing has started or ended since the grace period began. */
        void look() {
            Map<String, Duration> started = gateway.started(Purpose.TRAIN, round);
            Set<String> running = new HashSet<>(started.keySet());
            running.removeAll(ended);
            boolean quiet = System.nanoTime() - lastEndNanos > grace.toNanos()
                    && started.values().stream().allMatch(age -> age.compareTo(grace) > 0);
            boolean overdue = running.stream().allMatch(c -> started.get(c).compareTo(limit) > 0);
            if (!running.isEmpty() && quiet && overdue) {
                LOG.warn("Cancelling round {}: {} still run past deadline and grace", round, running);
                cancelled = true;
                spark.sc().cancelJobGroup(group);
            }
        }
    }
}
