package org.fednano.cli;

import java.time.Instant;
import java.util.OptionalInt;
import org.apache.hadoop.conf.Configuration;
import org.fednano.runstore.LastCall;
import org.fednano.runstore.RunReader;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.slf4j.LoggerFactory;

/** Leaves {@code last.json} behind whatever happens: schedulers read it where exit codes are lost. */
final class LastCalls {

    /** What a command did, for {@code last.json}. */
    record Told(OptionalInt lastRound, Double accuracy, String message) {}

    /** A command's work. */
    interface Work {
        Told work();
    }

    private LastCalls() {}

    /** Does the work, writes how it ended, and passes failures on. */
    static ExitStatus record(String command, Settings settings, Configuration hadoop, Work work) {
        try {
            Told told = work.work();
            write(settings, hadoop, call(command, ExitStatus.DONE, told));
            return ExitStatus.DONE;
        } catch (JobException e) {
            write(settings, hadoop, call(command, e.status(), failure(settings, hadoop, e.getMessage())));
            throw e;
        } catch (RuntimeException e) {
            write(settings, hadoop, call(command, ExitStatus.FAILED, failure(settings, hadoop, e.toString())));
            throw e;
        }
    }

    private static Told failure(Settings settings, Configuration hadoop, String message) {
        return new Told(committed(settings, hadoop), null, message);
    }

    private static OptionalInt committed(Settings settings, Configuration hadoop) {
        try {
            return RunReader.open(settings.get(RunKeys.DIR), hadoop).lastCommitted();
        } catch (RuntimeException e) {
            return OptionalInt.empty(); // no run has begun there, or it cannot be read: the message says why
        }
    }

    private static LastCall call(String command, ExitStatus status, Told told) {
        Integer round = told.lastRound().isPresent() ? told.lastRound().getAsInt() : null;
        return new LastCall(command, status, round, told.accuracy(), told.message(), Instant.now());
    }

    private static void write(Settings settings, Configuration hadoop, LastCall call) {
        try {
            call.write(settings.get(RunKeys.DIR), hadoop);
        } catch (RuntimeException e) {
            LoggerFactory.getLogger(LastCalls.class).warn("last.json was not written", e);
        }
    }
}
