package org.fednano.run;

import org.fednano.runstore.RunReader;
import org.fednano.settings.JobException;

/** Which committed round a command means. */
public final class Rounds {

    private Rounds() {}

    /**
     * @param asked a round number, or null for the last one
     * @throws JobException with status 2 if it is not committed, 3 if no round is
     */
    public static int pick(RunReader run, Integer asked) {
        int last = run.lastCommitted()
                .orElseThrow(() -> JobException.badInput("A run with a committed round expected in " + run.folder()
                        + ": found none yet. Run `fednano train` first."));
        if (asked == null) {
            return last;
        }
        if (!run.rounds().contains(asked)) {
            throw JobException.usage("--round expects a committed round, 0 to " + last + ", of " + run.folder()
                    + ": found " + asked + ".");
        }
        return asked;
    }
}
