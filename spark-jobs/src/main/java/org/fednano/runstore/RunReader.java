package org.fednano.runstore;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.hadoop.conf.Configuration;
import org.fednano.metrics.RoundMetrics;

/** Reads a run folder, without a lease and while another process may write to it: committed rounds never change. */
public final class RunReader {

    RunReader() {}

    /**
     * Opens a run folder for reading.
     *
     * @param runDir run folder (file-system URI)
     * @throws org.fednano.settings.JobException status 3 if there is no run, or its format is newer than this version
     */
    public static RunReader open(String runDir, Configuration hadoop) {
        throw new UnsupportedOperationException();
    }

    /** What {@code run.json} says. */
    public RunInfo info() {
        throw new UnsupportedOperationException();
    }

    /** Committed rounds, ascending. */
    public List<Integer> rounds() {
        throw new UnsupportedOperationException();
    }

    /** The highest committed round. */
    public OptionalInt lastCommitted() {
        throw new UnsupportedOperationException();
    }

    /**
     * What {@code commit.json} of a round says.
     *
     * @throws org.fednano.settings.JobException status 3 if the round is not committed
     */
    public Commit commit(int round) {
        throw new UnsupportedOperationException();
    }

    /**
     * The adapter after a round, its checksum compared with the commit's.
     *
     * @throws org.fednano.settings.JobException status 3 if the round is not committed or the file is not what was
     *     committed
     */
    public AdapterFile adapter(int round) {
        throw new UnsupportedOperationException();
    }

    /** What the last call left in {@code last.json}. */
    public Optional<LastCall> lastCall() {
        throw new UnsupportedOperationException();
    }

    /**
     * Publishes rows measured later on a committed round. A split measured before is replaced, never doubled; no lease is
     * needed.
     *
     * @param metricsDir METRICS, a folder URI
     */
    public void publish(String metricsDir, int round, RoundMetrics rows) {
        throw new UnsupportedOperationException();
    }
}
