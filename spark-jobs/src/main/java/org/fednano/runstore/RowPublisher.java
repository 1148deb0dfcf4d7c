package org.fednano.runstore;

import java.io.IOException;
import org.apache.hadoop.fs.Path;
import org.fednano.digest.Sha256;
import org.fednano.files.RunFiles;
import org.fednano.metrics.RoundMetrics;
import org.fednano.settings.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings a run's metric rows to their tables, and keeps a copy of every file in the run folder. */
final class RowPublisher {

    private static final Logger LOG = LoggerFactory.getLogger(RowPublisher.class);

    private final RunFiles files;
    private final RunPaths paths;
    private final MetricsFolder metrics;

    /** @param files of the run folder */
    RowPublisher(RunFiles files, RunPaths paths, MetricsFolder metrics) {
        this.files = files;
        this.paths = paths;
        this.metrics = metrics;
    }

    /** Publishes what a committed round's folder still holds as unpublished, where nothing lies yet. */
    void left(Commit commit) throws IOException {
        committed(commit, metrics::publishAgain);
    }

    /** Publishes a round's rows right after its commit, in place of whatever lies there. */
    void fresh(Commit commit) throws IOException {
        committed(commit, metrics::replace);
    }

    private void committed(Commit commit, MetricsFolder.Way way) throws IOException {
        Path unpublished = paths.unpublished(commit.round());
        if (!files.exists(unpublished)) {
            return;
        }
        KeptRows kept = new KeptRows(files, paths.published(commit.round()));
        for (Commit.MetricFile file : commit.metrics()) {
            Path staged = new Path(unpublished, file.table() + "/" + file.name());
            if (!files.exists(staged)) {
                continue;
            }
            byte[] content = files.read(staged);
            String found = Sha256.of(content);
            if (!found.equals(file.sha256())) {
                throw JobException.badInput("Metric file " + staged + " must be the one that was committed: expected"
                        + " SHA-256 " + file.sha256() + ", found " + found + ". The file is damaged: restore it, or"
                        + " delete it and lose its rows.");
            }
            way.publish(commit.round(), file.table(), file.name(), content);
            kept.keep(file.table(), file.name(), content);
            files.delete(staged);
        }
        files.delete(unpublished);
    }

    /** How many attempts at a round missed their quorum. */
    int attempts(int round) throws IOException {
        return new KeptRows(files, paths.attempts(round)).list().size();
    }

    /** Keeps, then publishes the rows of an attempt at a round that will not be committed. */
    void missed(int round, RoundMetrics.File file) throws IOException {
        new KeptRows(files, paths.attempts(round)).keep(file.table(), file.name(), file.bytes());
        metrics.replace(round, file.table(), file.name(), file.bytes());
    }

    /** Publishes attempts at a round that a killed call kept and may not have published. */
    void missedLeft(int round) throws IOException {
        for (KeptRows.Kept kept : new KeptRows(files, paths.attempts(round)).list()) {
            metrics.publishAgain(round, kept.table(), kept.name(), files.read(kept.path()));
        }
    }

    /**
     * Publishes rows measured on a committed round, in place of those measured before.
     *
     * @param own whether METRICS is the run's own; copies of what lies there are kept beside those of other folders
     */
    void measured(int round, RoundMetrics rows, boolean own) throws IOException {
        KeptRows kept = new KeptRows(files, paths.published(round));
        for (RoundMetrics.File file : rows.files()) {
            KeptRows.Kept now = null;
            try {
                now = kept.keep(file.table(), file.name(), file.bytes());
            } catch (IOException e) {
                LOG.warn("{} of round {} is not kept in the run folder: {}", file.name(), round, e.toString());
            }
            metrics.replace(round, file.table(), file.name(), file.bytes());
            if (now != null && own) {
                kept.forgetBefore(now);
            }
        }
    }
}
