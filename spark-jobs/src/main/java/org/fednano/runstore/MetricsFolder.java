package org.fednano.runstore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;

/**
 * METRICS as one run sees it: {@code table/run_id=…/round=…/part-….parquet}. Names follow from what a file holds, so
 * publishing again is harmless; a note per run id, {@code _runs/<run id>.json}, keeps two runs of one name from mixing
 * their rows. (Names that begin with an underscore or a dot are no data to Parquet readers.)
 */
final class MetricsFolder {

    private static final long TEMPORARIES_MILLIS = Lease.Timing.DEFAULT.timeout().toMillis();

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
    static MetricsFolder open(String metricsDir, RunInfo run, Path runFolder, Configuration hadoop, FileHook hook)
            throws IOException {
        Path given = new Path(metricsDir);
        Path folder = given.getFileSystem(hadoop).makeQualified(given);
        RunFiles files = RunFiles.of(folder, hadoop, hook);
        Path note = new Path(folder, "_runs/" + run.runId() + ".json");
        ObjectNode document = Json.document();
        document.put("run_id", run.runId()).put("run_uuid", run.runUuid()).put("run_dir", runFolder.toString());
        if (!files.publish(note, Json.bytes(document))) {
            JsonNode found = Json.read(files, note);
            if (!Json.text(found, "run_uuid", note).equals(run.runUuid())) {
                throw JobException.usage("Run id '" + run.runId() + "' must be new in " + folder
                        + ": found rows of another run of that name, begun in "
                        + found.path("run_dir").asText() + " (" + note + "). Start this run under another "
                        + RunKeys.ID.key() + " (and another " + RunKeys.DIR.key()
                        + "), or, if those rows are no longer wanted, delete " + folder + "/*/run_id=" + run.runId()
                        + " and " + note + ".");
            }
        }
        return new MetricsFolder(files, folder, run);
    }

    /**
     * Publishes a file that was committed with a round. One that is there already was published before a kill, or
     * measured again since, and stays.
     */
    void publishCommitted(int round, Commit.MetricFile file, byte[] content) throws IOException {
        Path target = target(round, file.table(), file.name());
        files.cleanTemporaries(target.getParent(), TEMPORARIES_MILLIS);
        files.publish(target, content);
    }

    /** Publishes a file that was measured later; the same measured before is replaced. */
    void replace(int round, String table, String name, byte[] content) throws IOException {
        Path target = target(round, table, name);
        files.cleanTemporaries(target.getParent(), TEMPORARIES_MILLIS);
        files.replace(target, content);
    }

    private Path target(int round, String table, String name) {
        return new Path(folder, table + "/run_id=" + run.runId() + "/round=" + round + "/" + name);
    }
}
