package org.fednano.runstore;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.fednano.digest.Sha256;
import org.fednano.files.FaultInjector;
import org.fednano.files.Json;
import org.fednano.files.RunFiles;
import org.fednano.metrics.RoundMetrics;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;

/** Reads a run folder, without a lease and while another process may write to it: committed rounds never change. */
public final class RunReader {

    private final RunFiles files;
    private final RunPaths paths;
    private final RunInfo info;
    private final Configuration hadoop;
    private final FaultInjector hook;

    private RunReader(RunFiles files, RunPaths paths, RunInfo info, Configuration hadoop, FaultInjector hook) {
        this.files = files;
        this.paths = paths;
        this.info = info;
        this.hadoop = hadoop;
        this.hook = hook;
    }

    /**
     * Opens a run folder for reading.
     *
     * @param runDir run folder (file-system URI)
     * @throws JobException status 3 if there is no run, or its format is newer than this version
     */
    public static RunReader open(String runDir, Configuration hadoop) {
        try {
            Path run = qualified(runDir, hadoop);
            return open(RunFiles.of(run, hadoop, FaultInjector.NONE), new RunPaths(run), hadoop, FaultInjector.NONE);
        } catch (IOException e) {
            throw new UncheckedIOException("Run folder " + runDir + " cannot be read", e);
        }
    }

    /** Whether a run has begun in the folder. */
    public static boolean hasBegun(String runDir, Configuration hadoop) {
        try {
            Path run = qualified(runDir, hadoop);
            return RunFiles.of(run, hadoop, FaultInjector.NONE).exists(new RunPaths(run).runJson());
        } catch (IOException e) {
            throw new UncheckedIOException("Run folder " + runDir + " cannot be read", e);
        }
    }

    static RunReader open(RunFiles files, RunPaths paths, Configuration hadoop, FaultInjector hook) throws IOException {
        requireBegun(files, paths);
        return new RunReader(files, paths, RunJson.read(files, paths.runJson()), hadoop, hook);
    }

    /** @throws JobException status 3 if no run has begun in the folder */
    public static void requireBegun(RunFiles files, RunPaths paths) throws IOException {
        if (!files.exists(paths.runJson())) {
            throw JobException.badInput("A run is expected in " + paths.run() + ": found no run.json there. Set "
                    + RunKeys.DIR.key() + " to the folder of a run that train has begun.");
        }
    }

    /** A folder as a full URI. */
    public static Path qualified(String folder, Configuration hadoop) throws IOException {
        Path path = new Path(folder);
        try {
            return path.getFileSystem(hadoop).makeQualified(path);
        } catch (UnsupportedFileSystemException e) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "A folder on a file system that Hadoop knows here expected, found " + folder + ": " + e.getMessage()
                            + ". Correct the scheme, or give Spark the file system's jar.",
                    e);
        }
    }

    /** The run folder, as a full URI. */
    public String folder() {
        return paths.run().toString();
    }

    /** What {@code run.json} says. */
    public RunInfo info() {
        return info;
    }

    /** Committed rounds, ascending. */
    public List<Integer> rounds() {
        try {
            List<Integer> rounds = new ArrayList<>();
            for (String name : files.list(paths.rounds())) {
                int round = RunPaths.number(name);
                if (round >= 0 && files.exists(paths.commit(round))) {
                    rounds.add(round);
                }
            }
            rounds.sort(null);
            return rounds;
        } catch (IOException e) {
            throw unreadable(paths.rounds(), e);
        }
    }

    /** The highest committed round. */
    public OptionalInt lastCommitted() {
        try {
            int[] rounds = files.list(paths.rounds()).stream()
                    .mapToInt(RunPaths::number)
                    .filter(r -> r >= 0)
                    .sorted()
                    .toArray();
            for (int i = rounds.length - 1; i >= 0; i--) {
                if (files.exists(paths.commit(rounds[i]))) {
                    return OptionalInt.of(rounds[i]);
                }
            }
            return OptionalInt.empty();
        } catch (IOException e) {
            throw unreadable(paths.rounds(), e);
        }
    }

    /**
     * What {@code commit.json} of a round says.
     *
     * @throws JobException status 3 if the round is not committed
     */
    public Commit commit(int round) {
        try {
            if (!files.exists(paths.commit(round))) {
                OptionalInt last = lastCommitted();
                throw JobException.badInput("Round " + round + " expected in " + paths.run() + ": found "
                        + (last.isEmpty() ? "no committed round" : "rounds 0 to " + last.getAsInt())
                        + ". Name one of these, or train on.");
            }
            return CommitJson.read(files, paths.commit(round), round, info.runUuid());
        } catch (IOException e) {
            throw unreadable(paths.commit(round), e);
        }
    }

    /**
     * The adapter after a round, its checksum compared with the commit's.
     *
     * @throws JobException status 3 if the round is not committed or the file is not what was committed
     */
    public AdapterFile adapter(int round) {
        Commit commit = commit(round);
        Path file = paths.adapter(round);
        try {
            byte[] bytes = files.exists(file) ? files.read(file) : new byte[0];
            String found = Sha256.of(bytes);
            if (!found.equals(commit.adapterSha256())) {
                throw JobException.badInput("Adapter " + file + " must be the one that was committed: expected SHA-256 "
                        + commit.adapterSha256() + " over " + commit.adapterBytes() + " bytes, found " + found
                        + " over "
                        + bytes.length + " bytes. The file is damaged: restore it, or delete the folders of round "
                        + round
                        + " and all later ones and train on from the round before.");
            }
            return AdapterFile.parse(bytes, file.toString());
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** What the last call left in {@code last.json}. */
    public Optional<LastCommand> lastCall() {
        try {
            if (!files.exists(paths.lastJson())) {
                return Optional.empty();
            }
            JsonNode document = Json.read(files, paths.lastJson());
            return Optional.of(LastCommand.of(document, paths.lastJson()));
        } catch (IOException e) {
            throw unreadable(paths.lastJson(), e);
        }
    }

    /**
     * Publishes rows measured later on a committed round. A split measured before is replaced, never doubled; no lease is
     * needed.
     *
     * @param metricsDir METRICS, a folder URI
     * @throws JobException status 3 if the round is not committed; 2 if another run has this one's name in METRICS
     */
    public void publish(String metricsDir, int round, RoundMetrics rows) {
        commit(round);
        try {
            MetricsFolder metrics = MetricsFolder.open(metricsDir, info, paths.run(), hadoop, hook);
            new RowPublisher(files, paths, metrics).measured(round, rows, isOwn(metricsDir));
        } catch (IOException e) {
            throw new UncheckedIOException("Metrics of round " + round + " were not published to " + metricsDir, e);
        }
    }

    /**
     * Publishes what a killed call committed and did not publish, as {@link RunStore#open} does; needs the run's lease.
     *
     * @param metricsDir METRICS, a folder URI
     */
    public void publishLeft(String metricsDir, int round) throws IOException {
        MetricsFolder metrics = MetricsFolder.open(metricsDir, info, paths.run(), hadoop, hook);
        new RowPublisher(files, paths, metrics).left(commit(round));
    }

    /** Whether METRICS is the folder that the run began with. */
    private boolean isOwn(String metricsDir) throws IOException {
        Settings.Resolved began = info.settings().get(RunKeys.METRICS_DIR.key());
        return began == null
                || qualified(Json.parse(began.value()).asText(), hadoop).equals(qualified(metricsDir, hadoop));
    }

    private static UncheckedIOException unreadable(Path path, IOException e) {
        return new UncheckedIOException(path + " cannot be read", e);
    }
}
