package org.fednano.cli;

import org.fednano.report.ReportCommand;
import org.fednano.settings.Commands;
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
            AlignCommand.class,
            EncodeCommand.class,
            TrainCommand.class,
            RoundCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            CompareCommand.class,
            ReportCommand.class,
            CheckCommand.class,
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
            "6:run held by another writer",
            "143:stopped by a SIGTERM; what was committed stays"
        })
public final class SparkJobsMain implements Runnable {

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** Runs a command and leaves with its exit status. */
    public static void main(String[] args) {
        Commands.runAndExit(new SparkJobsMain(), args);
    }

    @Override
    public void run() {
        throw Commands.noCommand(spec);
    }
}
