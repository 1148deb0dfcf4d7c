package org.fednano.runstore;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;
import org.fednano.digest.Sha256;
import org.fednano.files.FaultInjector;
import org.fednano.files.Lease;
import org.fednano.files.RunFiles;
import org.fednano.metrics.ClientRow;
import org.fednano.metrics.RoundMetrics;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run folder opened for writing: one writer at a time, rounds that are committed whole or not at all, metric rows that
 * reach their tables exactly once.
 *
 * <p>A round is written as a folder under {@code staging/}: the adapter, its metric rows as Parquet, and
 * {@code commit.json} last. Then the whole folder moves to {@code rounds/00007} in one step that fails if the name is
 * taken. So no instant shows half a round, and of two writers that both believe to hold the run one wins, whole. The
 * metric files, now part of the round, are then published to METRICS under names that follow from what they hold, and only
 * removed from the round when they are there.
 *
 * <p>A round is evaluated after its commit, so that no trouble of an evaluation costs a trained round. Until its evaluation
 * is published the round's folder says that it is due.
 */
public final class RunStore implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RunStore.class);

    /** What a folder may hold before its run.json is written, since a kill may come at any instant. */
    private static final Set<String> OWN_NAMES =
            Set.of("lease", "lease.json", "last.json", "run.json", "rounds", "staging", "clients");

    private final RunFiles files;
    private final RunPaths paths;
    private final Lease lease;
    private final RunReader reader;
    private final RowPublisher rows;
    private Commit last;

    private RunStore(RunFiles files, RunPaths paths, Lease lease, RunReader reader, RowPublisher rows) {
        this.files = files;
        this.paths = paths;
        this.lease = lease;
        this.reader = reader;
        this.rows = rows;
    }

    /**
     * Takes the lease and creates the run, or continues it: leftovers of a killed call are removed, metric rows that it
     * committed but did not publish are published.
     *
     * @throws JobException status 6 if another writer holds the run; 2 if settings of the method differ from the run's,
     *     the folder is not a run folder or the run id is taken in METRICS; 3 if model, encoder or shards are not the
     *     run's, or the run is of a newer format or damaged
     */
    public static RunStore open(RunSpec spec, Configuration hadoop) {
        return open(spec, hadoop, Lease.Timing.DEFAULT, FaultInjector.NONE);
    }

    static RunStore open(RunSpec spec, Configuration hadoop, Lease.Timing timing, FaultInjector hook) {
        String dir = spec.settings().get(RunKeys.DIR);
        try {
            Path run = RunReader.qualified(dir, hadoop);
            return open(RunFiles.of(run, hadoop, hook), run, spec, hadoop, timing, hook);
        } catch (FileSystemException | AccessControlException | ParentNotDirectoryException e) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "Folders that can be made and written expected at " + dir + " (" + RunKeys.DIR.key() + ") and "
                            + spec.settings().get(RunKeys.METRICS_DIR) + " (" + RunKeys.METRICS_DIR.key()
                            + "): found one that cannot, " + e.getMessage() + ". Give another one.",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException("Run folder " + dir + " cannot be opened", e);
        }
    }

    static RunStore open(
            RunFiles files, Path run, RunSpec spec, Configuration hadoop, Lease.Timing timing, FaultInjector hook)
            throws IOException {
        RunPaths paths = new RunPaths(run);
        // Refusals come before the lease: they write nothing into a folder that is not ours.
        String runId = RunIdentity.runId(spec.settings(), run);
        refuse(files, paths, spec, runId, hadoop);
        Lease lease = Lease.acquire(files, run, timing);
        try {
            refuse(files, paths, spec, runId, hadoop);
            if (!files.exists(paths.runJson())) {
                files.publish(paths.runJson(), RunJson.bytes(begin(spec, runId)));
            }
            files.cleanTemporaries(run, timing.timeout().toMillis());
            RunReader reader = RunReader.open(files, paths, hadoop, hook);
            MetricsFolder metrics =
                    MetricsFolder.open(spec.settings().get(RunKeys.METRICS_DIR), reader.info(), run, hadoop, hook);
            RunStore store = new RunStore(files, paths, lease, reader, new RowPublisher(files, paths, metrics));
            store.recover();
            return store;
        } catch (IOException | RuntimeException e) {
            lease.close();
            throw e;
        }
    }

    private static RunInfo begin(RunSpec spec, String runId) {
        return new RunInfo(
                UUID.randomUUID().toString(),
                runId,
                Instant.now(),
                RunJson.settings(spec.settings()),
                spec.fingerprints(),
                spec.versions());
    }

    private static void refuse(RunFiles files, RunPaths paths, RunSpec spec, String runId, Configuration hadoop)
            throws IOException {
        if (!files.exists(paths.runJson())) {
            try {
                refuseToBegin(files, paths, spec, runId, hadoop);
                return;
            } catch (JobException e) {
                if (!files.exists(paths.runJson())) {
                    throw e;
                }
                // Another writer began this very run meanwhile: what looked like somebody else's is its own.
            }
        }
        RunInfo info = RunJson.read(files, paths.runJson());
        RunIdentity.check(info, spec, paths.run());
        String id = spec.settings().get(RunKeys.ID);
        if (!id.isEmpty() && !id.equals(info.runId())) {
            throw JobException.usage(RunKeys.ID.key() + " must be '" + info.runId() + "', as when the run in "
                    + paths.run() + " began: found '" + id + "'. Give that one, or start another run with another "
                    + RunKeys.DIR.key() + ".");
        }
        MetricsFolder.refuseNamesake(spec.settings().get(RunKeys.METRICS_DIR), info.runId(), info.runUuid(), hadoop);
    }

    private static void refuseToBegin(RunFiles files, RunPaths paths, RunSpec spec, String runId, Configuration hadoop)
            throws IOException {
        List<String> foreign = files.list(paths.run()).stream()
                .filter(n -> !OWN_NAMES.contains(n) && !n.startsWith(RunFiles.TEMPORARY))
                .toList();
        if (!foreign.isEmpty()) {
            throw JobException.usage("Run folder " + paths.run()
                    + " must be new, empty or a run's: found no run.json but "
                    + foreign.size() + " other entries, such as " + foreign.get(0) + ". Set " + RunKeys.DIR.key()
                    + " to another folder.");
        }
        MetricsFolder.refuseNamesake(spec.settings().get(RunKeys.METRICS_DIR), runId, "", hadoop);
    }

    /** Brings the folder to the state of its last commit. */
    private void recover() throws IOException {
        OptionalInt highest = reader.lastCommitted();
        files.delete(paths.staging());
        List<Integer> committed = new ArrayList<>();
        for (String name : files.list(paths.rounds())) {
            int round = RunPaths.number(name);
            if (round > highest.orElse(-1)) {
                // Only where a folder cannot move in one step (object stores): begun, and never committed.
                files.delete(new Path(paths.rounds(), name));
            } else if (round >= 0) {
                committed.add(round);
            }
        }
        rows.missedLeft(highest.orElse(-1) + 1);
        if (highest.isEmpty()) {
            return;
        }
        int round = highest.getAsInt();
        if (committed.size() != round + 1) {
            throw JobException.badInput("Rounds 0 to " + round + " expected in " + paths.rounds() + ": found "
                    + committed.size() + " of " + (round + 1) + ". Restore the missing ones from a copy.");
        }
        last = reader.commit(round);
        if (round > 0) {
            String parent = reader.commit(round - 1).adapterSha256();
            if (!parent.equals(last.parentSha256())) {
                throw JobException.badInput(paths.commit(round) + " must name its parent's adapter: expected SHA-256 "
                        + parent + ", found " + last.parentSha256()
                        + ". Files of different runs were mixed; restore the run folder.");
            }
        }
        rows.left(last);
    }

    /** The same folder for reading. */
    public RunReader reader() {
        return reader;
    }

    /** The highest committed round; empty for a new run, whose first commit is round 0. */
    public OptionalInt lastCommitted() {
        return last == null ? OptionalInt.empty() : OptionalInt.of(last.round());
    }

    /**
     * Fails if the lease is lost, so that a round is not begun in vain.
     *
     * @throws JobException status 6
     */
    public void checkHeld() {
        lease.check();
    }

    /**
     * Commits the round that follows the last one, then publishes its metric rows. When this returns, both are on disk;
     * killed at any instant, the round is either whole or never happened, and the next {@link #open} publishes what is
     * left to publish.
     *
     * @throws JobException status 6 if the lease is lost or another writer committed the round
     * @throws IllegalArgumentException if the round is not the next one
     */
    public Commit commit(RoundCommit result) {
        int round = result.adapter().round();
        int expected = last == null ? 0 : last.round() + 1;
        if (round != expected) {
            throw new IllegalArgumentException(
                    "The next round to commit is " + expected + ": got " + round + " (" + paths.run() + ")");
        }
        try {
            if (last != null) {
                rows.left(last);
            }
            lease.check();
            Commit commit = stageAndPublish(result);
            last = commit;
            rows.fresh(commit);
            return commit;
        } catch (IOException e) {
            throw new UncheckedIOException("Round " + round + " of " + paths.run() + " was not committed", e);
        }
    }

    private Commit stageAndPublish(RoundCommit result) throws IOException {
        AdapterFile adapter = result.adapter();
        Path staged = new Path(paths.staging(), RunPaths.folderName(adapter.round()) + "-" + UUID.randomUUID());
        files.write(new Path(staged, RunPaths.ADAPTER), adapter.bytes());
        List<Commit.MetricFile> metricFiles = new ArrayList<>();
        for (RoundMetrics.File file : result.metrics().files()) {
            files.write(new Path(staged, RunPaths.METRICS + "/" + file.table() + "/" + file.name()), file.bytes());
            metricFiles.add(new Commit.MetricFile(file.table(), file.name(), file.rows(), Sha256.of(file.bytes())));
        }
        if (result.evaluationDue()) {
            files.write(new Path(staged, RunPaths.EVALUATION_DUE), new byte[0]);
        }
        Commit commit = new Commit(
                adapter.round(),
                adapter.sha256(),
                adapter.bytes().length,
                last == null ? null : last.round(),
                last == null ? null : last.adapterSha256(),
                result.acceptedClients(),
                metricFiles,
                true);
        files.write(
                new Path(staged, RunPaths.COMMIT),
                CommitJson.bytes(commit, reader.info().runUuid(), Instant.now()));
        lease.check();
        if (!files.publishFolder(staged, paths.round(adapter.round()), RunPaths.COMMIT)) {
            throw new JobException(
                    ExitStatus.RUN_HELD,
                    "Round " + adapter.round() + " must be committed once: found it committed by another writer in "
                            + paths.round(adapter.round()) + ". Let one scheduler call this run; train goes on from"
                            + " there.");
        }
        return commit;
    }

    /**
     * Leaves the clients' rows of an attempt at the next round that missed its quorum; nothing of it is committed.
     *
     * @param clients the rows, told which attempt it was, from 1
     * @throws JobException status 6 if the lease is lost
     */
    public void missed(IntFunction<List<ClientRow>> clients) {
        lease.check();
        int round = last == null ? 0 : last.round() + 1;
        try {
            int attempt = rows.attempts(round) + 1;
            rows.missed(round, RoundMetrics.missed(attempt, clients.apply(attempt)));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "The rows of an attempt at round " + round + " of " + paths.run() + " were not published", e);
        }
    }

    /** The last committed round, if its evaluation is still due. */
    public OptionalInt evaluationDue() {
        try {
            return last != null && files.exists(paths.evaluationDue(last.round()))
                    ? OptionalInt.of(last.round())
                    : OptionalInt.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("Round " + last.round() + " of " + paths.run() + " cannot be read", e);
        }
    }

    /**
     * Publishes the evaluation of the last committed round, which is due no longer.
     *
     * @throws JobException status 6 if the lease is lost
     */
    public void publishEvaluation(RoundMetrics measured) {
        lease.check();
        try {
            rows.measured(last.round(), measured, true);
            files.delete(paths.evaluationDue(last.round()));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "The evaluation of round " + last.round() + " of " + paths.run() + " was not published", e);
        }
    }

    /** Removes what a failed commit left, and releases the lease; another writer may go on at once. */
    @Override
    public void close() {
        if (lease.isHeld()) {
            try {
                files.delete(paths.staging());
            } catch (IOException e) {
                LOG.warn("{} was not removed; the next call on this run will: {}", paths.staging(), e.toString());
            }
        }
        lease.close();
    }
}
