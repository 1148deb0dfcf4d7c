package org.fednano.prep;

import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point of this module's commands; {@code submit-scripts/fednano} calls it. */
@Command(
        name = "fednano",
        description = "Makes the data: draws IconWorld, turns raw data sets into shards.",
        subcommands = {GenerateCommand.class, PrepareCommand.class},
        mixinStandardHelpOptions = true)
public final class DataPrepMain {

    private DataPrepMain() {}

    /** Runs one command and leaves with its exit status. */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /** Runs one command; returns its exit status. */
    static int run(String... arguments) {
        CommandLine line = new CommandLine(new DataPrepMain());
        line.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (failure instanceof JobException job) {
                command.getErr().println("error: " + job.getMessage());
                return job.status().code();
            }
            LoggerFactory.getLogger(DataPrepMain.class).error("Command failed", failure);
            command.getErr().println("error: " + failure + " (the log has the stack trace)");
            return ExitStatus.FAILED.code();
        });
        return line.execute(arguments);
    }
}
