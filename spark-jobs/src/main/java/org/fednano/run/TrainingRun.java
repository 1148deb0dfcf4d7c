package org.fednano.run;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.fednano.adapter.AdapterLayout;
import org.fednano.algorithm.ClientBackend;
import org.fednano.algorithm.ClientReport;
import org.fednano.algorithm.ClientReport.Fate;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.GlobalAdapter;
import org.fednano.algorithm.OutcomeSink;
import org.fednano.algorithm.QuorumMissedException;
import org.fednano.algorithm.Round;
import org.fednano.algorithm.RoundResult;
import org.fednano.algorithm.TrainingPlan;
import org.fednano.cluster.ClientCluster;
import org.fednano.cluster.SparkClients;
import org.fednano.evaluation.EvaluateJob;
import org.fednano.metrics.EvaluationRow;
import org.fednano.metrics.RoundMetrics;
import org.fednano.metrics.RoundRow;
import org.fednano.runstore.AdapterFile;
import org.fednano.runstore.Provenance;
import org.fednano.runstore.RoundCommit;
import org.fednano.runstore.RunReader;
import org.fednano.runstore.RunSpec;
import org.fednano.runstore.RunStore;
import org.fednano.settings.JobException;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.terminal.Figures;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run on its run folder: takes its lease, goes on from its last committed round, commits, evaluates and reports each.
 */
public final class TrainingRun implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TrainingRun.class);

    private final JobSession job;
    private final Settings settings;
    private final ClientCluster cluster;
    private final PrintWriter out;
    private final RunStore store;
    private final TrainingPlan plan;

    /**
     * Opens or starts the run.
     *
     * @param settings of this run; {@code run.rounds} is its goal
     * @throws org.fednano.settings.JobException as {@link RunStore#open} does
     */
    public TrainingRun(JobSession job, Settings settings, PrintWriter out) {
        this.job = job;
        this.settings = settings;
        this.cluster = job.cluster();
        this.out = out;
        AdapterLayout layout = job.layout();
        plan = TrainingPlan.of(settings, layout, cluster.federation().trainingIds());
        if (!RunReader.hasBegun(settings.get(RunKeys.DIR), job.hadoop())) {
            // Unusable shards must show before a run folder is bound to them.
            Features.prepare(job, out);
        }
        store = RunStore.open(new RunSpec(settings, job.fingerprints(), Provenance.collect()), job.hadoop());
    }

    /** The highest committed round, if there is one. */
    public OptionalInt lastCommitted() {
        return store.lastCommitted();
    }

    /**
     * Trains until {@code goal} rounds are committed.
     *
     * @throws org.fednano.settings.JobException with status 4 if a round has no quorum, 5 without an endpoint, 6 if the
     *     lease is lost; what was committed stays
     */
    public void trainTo(int goal) {
        trainTo(goal, new TimeLeft(goal - store.lastCommitted().orElse(0)));
    }

    /**
     * The same as a part of a call that trains more.
     *
     * @param left of the whole call
     */
    public void trainTo(int goal, TimeLeft left) {
        finishEvaluation();
        SparkClients clients = cluster.clients();
        clients.goal(goal);
        job.progress().left(left::text);
        ClientBackend held = new ClientBackend() {
            @Override
            public void update(Round round, List<String> cohort, OutcomeSink outcomes) {
                store.checkHeld();
                left.begins();
                job.progress().between("round " + round.number() + " of " + goal);
                // Evaluated are all clients, on what they have as the round begins.
                Features.refresh(
                        job, due(round.number(), goal) ? cluster.federation().clientIds() : cohort, out);
                clients.update(round, cohort, outcomes);
                job.progress().between("merging round " + round.number() + " of " + goal);
            }

            @Override
            public long trainingRows(String clientId) {
                return cluster.trainingRows(clientId);
            }
        };
        TrainingPlan upToGoal = plan.withRounds(goal);
        try {
            FedNano.train(upToGoal, start(), held, result -> {
                commit(result, goal, clients);
                left.ended();
            });
        } catch (QuorumMissedException e) {
            recordMissed(e, clients);
            throw e;
        } finally {
            job.progress().left(() -> "");
            job.progress().between("");
        }
    }

    /** Whatever goes wrong here, the missed quorum is what the call has to tell. */
    private void recordMissed(QuorumMissedException missed, SparkClients clients) {
        try {
            store.missed(attempt -> RoundRows.clients(missed.clients(), clients.traffic(), cluster::place, attempt));
        } catch (JobException | UncheckedIOException e) {
            LOG.warn("The clients' rows of round {} were not recorded", missed.round(), e);
            missed.addSuppressed(e);
        }
    }

    /** Whether the last committed round was to be evaluated and has not been; {@code eval.every = 0} lets it be. */
    public boolean isEvaluationDue() {
        return settings.get(RunKeys.EVAL_EVERY) > 0 && store.evaluationDue().isPresent();
    }

    /** Evaluates the last committed round if that is still due: an earlier call ended between its commit and that. */
    public void finishEvaluation() {
        if (isEvaluationDue()) {
            int round = store.lastCommitted().orElseThrow();
            EvaluateJob evaluation = evaluate(store.reader().adapter(round).theta());
            out.println("round " + round + ", committed before" + accuracies(evaluation));
            out.flush();
        }
    }

    private GlobalAdapter start() {
        OptionalInt last = store.lastCommitted();
        if (last.isEmpty()) {
            return commitInitial();
        }
        AdapterFile adapter = store.reader().adapter(last.getAsInt());
        plan.requireState(adapter.round(), adapter.state().keySet());
        return new GlobalAdapter(adapter.round(), adapter.theta(), adapter.state());
    }

    /** Round 0: the identity, evaluated once as the zero-shot row. */
    private GlobalAdapter commitInitial() {
        Instant startedAt = Instant.now();
        GlobalAdapter initial = GlobalAdapter.initial(plan);
        boolean due = settings.get(RunKeys.EVAL_EVERY) > 0;
        AdapterFile file = AdapterFile.of(0, plan.layout(), initial.theta());
        RoundRow row = new RoundRow(
                settings.get(RunKeys.STRATEGY),
                settings.get(RunKeys.SEED),
                startedAt,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                null,
                null,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                file.sha256(),
                0,
                0);
        store.commit(
                new RoundCommit(file, List.of(), new RoundMetrics(List.of(row), List.of(), List.of(), List.of()), due));
        if (due) {
            out.println("zero-shot" + accuracies(evaluate(initial.theta())));
            out.flush();
        }
        return initial;
    }

    private boolean due(int round, int goal) {
        int every = settings.get(RunKeys.EVAL_EVERY);
        return every > 0 && (round % every == 0 || round == goal);
    }

    private void commit(RoundResult result, int goal, SparkClients clients) {
        boolean due = due(result.number(), goal);
        AdapterFile file = AdapterFile.of(
                result.number(),
                plan.layout(),
                result.global().theta(),
                result.global().state());
        RoundMetrics rows = RoundRows.of(settings, result, clients.traffic(), cluster::place, file);
        job.progress().between("committing round " + result.number() + " of " + goal);
        store.commit(new RoundCommit(file, result.merged(), rows, due));
        EvaluateJob evaluation = null;
        try {
            evaluation = due ? evaluate(result.global().theta()) : null;
        } finally {
            print(result, line(result, goal, rows.rounds().get(0), evaluation));
        }
    }

    private void print(RoundResult result, String line) {
        out.println(line);
        result.clients().stream()
                .filter(c -> !c.detail().isEmpty())
                .forEach(c -> out.println("  " + c.clientId() + " " + c.fate().text() + ": " + c.detail()));
        out.flush();
    }

    /**
     * Evaluates the last committed round and publishes what came out.
     *
     * @throws JobException as {@link ClientCluster#evaluate}; the round stays committed and its evaluation due
     */
    private EvaluateJob evaluate(float[] theta) {
        int round = store.lastCommitted().orElseThrow();
        EvaluateJob evaluation;
        try {
            evaluation = cluster.evaluate(round, plan.layout(), theta, evaluations(settings));
        } catch (JobException e) {
            throw new JobException(
                    e.status(),
                    "Round " + round + " is committed; its evaluation failed and is made up for by the next call: "
                            + e.getMessage(),
                    e);
        }
        job.progress().between("publishing the evaluation of round " + round);
        store.publishEvaluation(RoundMetrics.evaluation(evaluation.evaluations(), evaluation.predictions()));
        evaluation.failures().forEach((client, why) -> out.println("  " + client + " could not be evaluated: " + why));
        return evaluation;
    }

    /** Of a whole run: the zero-shot row, one each so many rounds, and the last. */
    static int evaluations(Settings settings) {
        int every = settings.get(RunKeys.EVAL_EVERY);
        return every == 0 ? 1 : 1 + (settings.get(RunKeys.ROUNDS) + every - 1) / every;
    }

    private String line(RoundResult result, int goal, RoundRow row, EvaluateJob evaluation) {
        Map<Fate, Long> fates =
                result.clients().stream().collect(Collectors.groupingBy(ClientReport::fate, Collectors.counting()));
        int width = String.valueOf(goal).length();
        return String.format("round %" + (width + 1) + "d/%d", result.number(), goal)
                + "  " + fates.getOrDefault(Fate.MERGED, 0L) + "/"
                + result.clients().size() + " clients"
                + "  loss " + loss(result)
                + accuracies(evaluation)
                + "  uplink "
                + Figures.megabytes(row.uplinkActivationBytes()
                        + row.uplinkFeatureBytes()
                        + row.uplinkAdapterBytes()
                        + row.uplinkFisherBytes())
                + " (adapter " + Figures.megabytes(row.uplinkAdapterBytes()) + ")"
                + "  " + Figures.seconds(result.wallSeconds());
    }

    /** Of the first and the last local epoch, where these are two. */
    private String loss(RoundResult result) {
        String last = Figures.loss(result.lastEpochLoss());
        return settings.get(MethodKeys.EPOCHS) == 1 ? last : Figures.loss(result.firstEpochLoss()) + "→" + last;
    }

    private String accuracies(EvaluateJob evaluation) {
        if (evaluation == null) {
            return "";
        }
        return settings.get(RunKeys.EVAL_SPLITS).stream()
                .map(split -> Map.entry(split, evaluation.meanAccuracy(split, EvaluationRow.MODEL)))
                .filter(e -> !Double.isNaN(e.getValue()))
                .map(e -> "  accuracy " + Figures.percent(e.getValue()) + " (" + e.getKey() + ")")
                .collect(Collectors.joining());
    }

    @Override
    public void close() {
        store.close();
    }
}
