package org.fednano.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.fednano.report.ReportCommand;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The commands of this module, called by spark-submit: {@code SparkJobsMain COMMAND [options]}. */
@Command(
        name = "fednano",
        mixinStandardHelpOptions = true,
        description = {
            "Tunes a frozen multimodal LLM over clients whose data stays with them, as Spark stages.",
            "A command's --help explains it with examples.",
            ""
        },
        subcommands = {
            EncodeCommand.class,
            TrainCommand.class,
            RoundCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            CompareCommand.class,
            ReportCommand.class,
            ExportCommand.class,
            SettingsCommand.class
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:done, or nothing to do",
            "1:anything else",
            "2:wrong usage or settings",
            "3:bad input data",
            "4:quorum not reached",
            "5:endpoint unavailable",
            "6:run held by another writer"
        })
public final class SparkJobsMain implements Runnable {

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** Runs a command and leaves with its exit status. */
    public static void main(String[] args) {
        // UTF-8 whatever the locale: losses come with arrows.
        PrintWriter out = new PrintWriter(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        System.exit(run(out, err, args));
    }

    /**
     * Runs a command.
     *
     * @return its exit status
     */
    public static int run(PrintWriter out, PrintWriter err, String... args) {
        return new CommandLine(new SparkJobsMain())
                .setOut(out)
                .setErr(err)
                .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command.getErr()))
                .execute(args);
    }

    /** Every command needs a name; without one the help is the answer. */
    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Which command? One of the list is expected.");
    }

    private static int failed(Exception e, PrintWriter err) {
        if (e instanceof JobException known) {
            err.println("error: " + known.getMessage());
            LoggerFactory.getLogger(SparkJobsMain.class).debug("Why", known);
            return known.status().code();
        }
        err.println("error: " + e + " (the log has the stack trace)");
        LoggerFactory.getLogger(SparkJobsMain.class).error("Unexpected failure", e);
        return ExitStatus.FAILED.code();
    }
}
