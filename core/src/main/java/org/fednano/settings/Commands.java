package org.fednano.settings;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.fednano.console.StatusLine;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** How every main class runs its commands: UTF-8, one line for a known failure, the exit statuses of {@link ExitStatus}. */
public final class Commands {

    /** System property of a JVM that only looks whether a command can be understood; the entry script asks one before Spark. */
    private static final String CHECK = "fednano.check";

    /** Variable of the entry script: how wide the terminal is that standard error is, or that nothing is to be shown. */
    private static final String COLUMNS = "FEDNANO_COLUMNS";

    private static final String QUIET = "quiet";

    /** Its exit status where all is said: help, or the version. */
    private static final int SAID = 100;

    private Commands() {}

    /**
     * Runs a command and leaves with its exit status.
     *
     * @param main a picocli command
     */
    public static void runAndExit(Object main, String[] args) {
        // UTF-8 whatever the locale: losses come with arrows.
        OutputStream rawErr = new FileOutputStream(FileDescriptor.err);
        int status;
        try (StatusLine line = StatusLine.open(QUIET.equals(System.getenv(COLUMNS)) ? null : rawErr, columns())) {
            OutputStream tidyErr = line.beside(rawErr);
            PrintWriter out = new PrintWriter(
                    line.beside(new FileOutputStream(FileDescriptor.out)), true, StandardCharsets.UTF_8);
            PrintWriter err = new PrintWriter(tidyErr, true, StandardCharsets.UTF_8);
            System.setErr(new PrintStream(tidyErr, true, StandardCharsets.UTF_8)); // the log's
            status = run(main, out, err, args);
        }
        System.exit(status);
    }

    /**
     * Runs a command.
     *
     * @return its exit status
     */
    public static int run(Object main, PrintWriter out, PrintWriter err, String... args) {
        CommandLine command = new CommandLine(main);
        IParameterExceptionHandler told = command.getParameterExceptionHandler();
        if (Boolean.getBoolean(CHECK)) {
            command.setExecutionStrategy(Commands::check);
        }
        try {
            return command.setOut(out)
                    .setErr(err)
                    .setExpandAtFiles(false) // a name may begin with @
                    .setParameterExceptionHandler((e, words) -> {
                        ParameterException first = unknownFirst(e);
                        record(e.getCommandLine(), SettingsOptions.of(words), ExitStatus.USAGE, first.getMessage());
                        return told.handleParseException(first, words);
                    })
                    .setExecutionExceptionHandler((e, of, parsed) -> failed(e, of.getErr()))
                    .execute(args);
        } catch (Error e) { // no memory, a class that is missing: threads that are left would keep the process alive
            return failed(e, err);
        }
    }

    /** Of the terminal that standard error is, as the entry script found it; 0: it is none. */
    private static int columns() {
        String found = System.getenv(COLUMNS);
        return found != null && found.matches("[1-9][0-9]{0,3}") ? Integer.parseInt(found) : 0;
    }

    /** Reads the settings that a command would read, and does nothing. */
    private static int check(ParseResult parsed) {
        if (CommandLine.executeHelpRequest(parsed) != null) {
            return SAID;
        }
        try {
            for (CommandLine of : parsed.asCommandLineList()) {
                for (CommandSpec mixin : of.getCommandSpec().mixins().values()) {
                    if (mixin.userObject() instanceof SettingsOptions options) {
                        read(of, options);
                    }
                }
            }
        } catch (JobException e) {
            parsed.commandSpec().commandLine().getErr().println("error: " + e.getMessage());
            return e.status().code();
        }
        return ExitStatus.DONE.code();
    }

    private static void read(CommandLine command, SettingsOptions options) {
        try {
            options.settings();
        } catch (JobException e) {
            record(command, options, e.status(), e.getMessage());
            throw e;
        }
    }

    private static void record(CommandLine command, SettingsOptions options, ExitStatus status, String message) {
        if (command.getCommandSpec().userObject() instanceof RecordedCommand recorded) {
            recorded.refused(options, status, message);
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
