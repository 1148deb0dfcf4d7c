package org.fednano.cli;

import org.apache.spark.SparkUserAppException;
import org.fednano.report.ReportCommand;
import org.fednano.settings.Commands;
import org.fednano.submit.SparkMain;
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

    /** Runs a command; see {@link SparkMain} for how it ends. */
    public static void main(String[] args) throws SparkUserAppException {
        SparkMain.run(new SparkJobsMain(), args);
    }

    @Override
    public void run() {
        throw Commands.noCommand(spec);
    }
}
