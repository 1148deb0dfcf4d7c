package org.fednano.runstore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.fednano.files.FaultInjector;
import org.fednano.files.Json;
import org.fednano.files.Lease;
import org.fednano.files.RunFiles;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;

/**
 * METRICS as one run sees it: {@code table/run_id=…/round=…/part-….parquet}. Names follow from what a file holds, so
 * publishing again is harmless; a note per run id, {@code _runs/<run id>.json}, keeps two runs of one name from mixing
 * their rows. (Names that begin with an underscore or a dot are no data to Parquet readers.)
 */
public final class MetricsFolder {

    private static final long TEMPORARIES_MILLIS =
            Lease.Timing.DEFAULT.timeout().toMillis();

    private final RunFiles files;
    private final Path folder;
    private final RunInfo run;

    private MetricsFolder(RunFiles files, Path folder, RunInfo run) {
        this.files = files;
        this.folder = folder;
        this.run = run;
    }

    /**
     * Opens METRICS for a run.
     *
     * @param runFolder the run folder, for people who find two runs of one name
     * @throws JobException status 2 if another run has the run's name there
     */
    static MetricsFolder open(String metricsDir, RunInfo run, Path runFolder, Configuration hadoop, FaultInjector hook)
            throws IOException {
        Path folder = RunReader.qualified(metricsDir, hadoop);
        RunFiles files = RunFiles.of(folder, hadoop, hook);
        MetricsFolder metrics = new MetricsFolder(files, folder, run);
        if (!files.publish(metrics.note(), metrics.noteText(runFolder))) {
            refuseNamesake(files, folder, metrics.note(), run.runId(), run.runUuid());
        }
        return metrics;
    }

    /** What the note says. */
    public byte[] noteText(Path runFolder) {
        ObjectNode document = Json.document();
        document.put("run_id", run.runId()).put("run_uuid", run.runUuid()).put("run_dir", runFolder.toString());
        return Json.bytes(document);
    }

    /** METRICS as it lies there, for looking only: nothing is written, and another run may have the run's name there. */
    public static MetricsFolder at(String metricsDir, RunInfo run, Configuration hadoop) throws IOException {
        Path folder = RunReader.qualified(metricsDir, hadoop);
        return new MetricsFolder(RunFiles.of(folder, hadoop, FaultInjector.NONE), folder, run);
    }

    /** The files of METRICS, which may lie on another file system than the run's. */
    public RunFiles files() {
        return files;
    }

    /** The folder itself, as a full URI. */
    public Path folder() {
        return folder;
    }

    /** The note that the run's name is the run's here. */
    public Path note() {
        return note(folder, run.runId());
    }

    /** Where a table's partitions of the run lie, one for each round. */
    public Path partitions(String table) {
        return new Path(folder, table + "/run_id=" + run.runId());
    }

    /**
     * Looks, without writing, whether a run's name is free or its own.
     *
     * @param runUuid the run's; empty for one that has not begun
     * @throws JobException status 2 if it is another run's
     */
    static void refuseNamesake(String metricsDir, String runId, String runUuid, Configuration hadoop)
            throws IOException {
        Path folder = RunReader.qualified(metricsDir, hadoop);
        RunFiles files = RunFiles.of(folder, hadoop, FaultInjector.NONE);
        Path note = note(folder, runId);
        if (files.exists(note)) {
            refuseNamesake(files, folder, note, runId, runUuid);
        }
    }

    private static void refuseNamesake(RunFiles files, Path folder, Path note, String runId, String runUuid)
            throws IOException {
        JsonNode found = Json.read(files, note);
        if (!Json.text(found, "run_uuid", note).equals(runUuid)) {
            throw JobException.usage("Run id '" + runId + "' must be new in " + folder
                    + ": found rows of another run of that name, begun in "
                    + found.path("run_dir").asText() + " (" + note + "). Start this run under another "
                    + RunKeys.ID.key() + ", or, if those rows are no longer wanted, delete " + folder + "/*/run_id="
                    + runId + " and " + note + ".");
        }
    }

    /** A way to publish a metric file of a round. */
    @FunctionalInterface
    interface Way {
        void publish(int round, String table, String name, byte[] content) throws IOException;
    }

    /**
     * Publishes a file that a killed call may have published: one that is there stays, since it was, or it was measured
     * again meanwhile.
     */
    void publishAgain(int round, String table, String name, byte[] content) throws IOException {
        Path target = target(round, table, name);
        files.cleanTemporaries(target.getParent(), TEMPORARIES_MILLIS);
        files.publish(target, content);
    }

    /** Publishes a file; the same measured before is replaced. */
    public void replace(int round, String table, String name, byte[] content) throws IOException {
        Path target = target(round, table, name);
        files.cleanTemporaries(target.getParent(), TEMPORARIES_MILLIS);
        files.replace(target, content);
    }

    private static Path note(Path folder, String runId) {
        return new Path(folder, "_runs/" + runId + ".json");
    }

    /** Where a metric file lies. */
    public Path target(int round, String table, String name) {
        return new Path(partitions(table), "round=" + round + "/" + name);
    }
}
