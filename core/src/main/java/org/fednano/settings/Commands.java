package org.fednano.settings;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** How every main class runs its commands: UTF-8, one line for a known failure, the exit statuses of {@link ExitStatus}. */
public final class Commands {

    private Commands() {}

    /**
     * Runs a command and leaves with its exit status.
     *
     * @param main a picocli command
     */
    public static void runAndExit(Object main, String[] args) {
        System.exit(runOnConsole(main, args));
    }

    /**
     * Runs a command on the process's own streams.
     *
     * @param main a picocli command
     * @return its exit status
     */
    public static int runOnConsole(Object main, String[] args) {
        // UTF-8 whatever the locale: losses come with arrows.
        PrintWriter out = new PrintWriter(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        return run(main, out, err, args);
    }

    /**
     * Runs a command.
     *
     * @return its exit status
     */
    public static int run(Object main, PrintWriter out, PrintWriter err, String... args) {
        CommandLine command = new CommandLine(main);
        IParameterExceptionHandler told = command.getParameterExceptionHandler();
        try {
            return command.setOut(out)
                    .setErr(err)
                    .setExpandAtFiles(false) // a name may begin with @
                    .setParameterExceptionHandler((e, words) -> told.handleParseException(unknownFirst(e), words))
                    .setExecutionExceptionHandler((e, of, parsed) -> failed(e, of.getErr()))
                    .execute(args);
        } catch (Error e) { // no memory, a class that is missing: threads that are left would keep the process alive
            return failed(e, err);
        }
    }

    /** What a command with subcommands throws when it got none: the help is the answer. */
    public static ParameterException noCommand(CommandSpec spec) {
        return new ParameterException(spec.commandLine(), "Which command? One of the list is expected.");
    }

    /** Where a misspelt option leaves a required one missing, the misspelt one is what to tell. */
    private static ParameterException unknownFirst(ParameterException e) {
        List<String> unknown = e.getCommandLine().getUnmatchedArguments();
        return unknown.isEmpty() ? e : new UnmatchedArgumentException(e.getCommandLine(), unknown);
    }

    private static int failed(Throwable e, PrintWriter err) {
        if (e instanceof JobException known) {
            err.println("error: " + known.getMessage());
            LoggerFactory.getLogger(Commands.class).debug("Why", known);
            return known.status().code();
        }
        String what = e instanceof OutOfMemoryError
                ? "more memory expected: " + e.getMessage() + "; raise FEDNANO_DRIVER_MEMORY or lower the batch sizes"
                : e.toString();
        err.println("error: " + what + " (the log has the stack trace)");
        LoggerFactory.getLogger(Commands.class).error("Unexpected failure", e);
        return ExitStatus.FAILED.code();
    }
}
