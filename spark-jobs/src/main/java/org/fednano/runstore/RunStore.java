package org.fednano.runstore;

import java.util.OptionalInt;
import org.apache.hadoop.conf.Configuration;

/**
 * A run folder opened for writing: one writer at a time, rounds that are committed whole or not at all, metric rows that
 * reach their tables exactly once.
 */
public final class RunStore implements AutoCloseable {

    RunStore() {}

    /**
     * Takes the lease and creates the run, or continues it: leftovers of a killed call are removed, metric rows that it
     * committed but did not publish are published.
     *
     * @throws org.fednano.settings.JobException status 6 if another writer holds the run; 2 if settings of the method
     *     differ from the run's, the folder is not a run folder or the run id is taken in METRICS; 3 if model, encoder or
     *     shards are not the run's, or the run is of a newer format or damaged
     */
    public static RunStore open(RunSpec spec, Configuration hadoop) {
        throw new UnsupportedOperationException();
    }

    /** The same folder for reading. */
    public RunReader reader() {
        throw new UnsupportedOperationException();
    }

    /** The highest committed round; empty for a new run, whose first commit is round 0. */
    public OptionalInt lastCommitted() {
        return reader().lastCommitted();
    }

    /**
     * Fails if the lease is lost, so that a round is not begun in vain.
     *
     * @throws org.fednano.settings.JobException status 6
     */
    public void checkHeld() {
        throw new UnsupportedOperationException();
    }

    /**
     * Commits the round that follows the last one, then publishes its metric rows. When this returns, both are on disk;
     * killed at any instant, the round is either whole or never happened, and the next {@link #open} publishes what is
     * left to publish.
     *
     * @throws org.fednano.settings.JobException status 6 if the lease is lost or another writer committed the round
     * @throws IllegalArgumentException if the round is not the next one
     */
    public Commit commit(RoundResult result) {
        throw new UnsupportedOperationException();
    }

    /** Releases the lease; another writer may go on at once. */
    @Override
    public void close() {}
}
