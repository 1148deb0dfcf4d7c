package org.fednano.runstore;

import java.time.Instant;
import org.apache.hadoop.conf.Configuration;
import org.fednano.settings.ExitStatus;

/**
 * Status and numbers of the last call on a run, as {@code last.json} holds them for schedulers: exit codes don't survive
 * cluster deploy mode.
 *
 * @param command command, such as {@code train}
 * @param status how it ended
 * @param lastRound highest committed round, or null if there is none
 * @param accuracy mean test accuracy over clients of that round, 0 to 1, or null if it was not evaluated
 * @param message one line: what was done, or the error
 * @param endedAt when it ended
 */
public record LastCall(
        String command, ExitStatus status, Integer lastRound, Double accuracy, String message, Instant endedAt) {

    /**
     * Replaces {@code last.json} of a run folder in one step; needs no lease. Does nothing where no run has begun, so that
     * a refused call leaves nothing behind.
     */
    public void write(String runDir, Configuration hadoop) {
        throw new UnsupportedOperationException();
    }
}
