package org.fednano.settings;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** How every main class runs its commands: UTF-8, one line for a known failure, the exit statuses of {@link ExitStatus}. */
public final class Commands {

    private Commands() {}

    /**
     * Runs a command and leaves with its exit status.
     *
     * @param main a picocli command
     */
    public static void runAndExit(Object main, String[] args) {
        // UTF-8 whatever the locale: losses come with arrows.
        PrintWriter out = new PrintWriter(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        System.exit(run(main, out, err, args));
    }

    /**
     * Runs a command.
     *
     * @return its exit status
     */
    public static int run(Object main, PrintWriter out, PrintWriter err, String... args) {
        return new CommandLine(main)
                .setOut(out)
                .setErr(err)
                .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command.getErr()))
                .execute(args);
    }

    /** What a command with subcommands throws when it got none: the help is the answer. */
    public static ParameterException noCommand(CommandSpec spec) {
        return new ParameterException(spec.commandLine(), "Which command? One of the list is expected.");
    }

    private static int failed(Exception e, PrintWriter err) {
        if (e instanceof JobException known) {
            err.println("error: " + known.getMessage());
            LoggerFactory.getLogger(Commands.class).debug("Why", known);
            return known.status().code();
        }
        err.println("error: " + e + " (the log has the stack trace)");
        LoggerFactory.getLogger(Commands.class).error("Unexpected failure", e);
        return ExitStatus.FAILED.code();
    }
}
