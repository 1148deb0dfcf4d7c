package org.fednano.prep;

import org.apache.spark.SparkUserAppException;
import org.fednano.settings.Commands;
import org.fednano.submit.SparkMain;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point of this module's commands; {@code submit-scripts/fednano} calls it. */
@Command(
        name = "fednano",
        description = "Turns raw data sets into shards.",
        subcommands = PrepareCommand.class,
        mixinStandardHelpOptions = true)
public final class DataPrepMain implements Runnable {

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** Runs one command; see {@link SparkMain} for how it ends. */
    public static void main(String[] args) throws SparkUserAppException {
        SparkMain.run(new DataPrepMain(), args);
    }

    @Override
    public void run() {
        throw Commands.noCommand(spec);
    }
}
