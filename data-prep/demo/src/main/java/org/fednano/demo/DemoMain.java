package org.fednano.demo;

import org.apache.spark.SparkUserAppException;
import org.fednano.pretrain.PretrainCommand;
import org.fednano.settings.Commands;
import org.fednano.submit.SparkMain;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point of the demo kit's commands; {@code submit-scripts/fednano} calls it. */
@Command(
        name = "fednano",
        description = "Makes what the demo runs on: draws IconWorld, trains nano-llava.",
        subcommands = {GenerateCommand.class, PretrainCommand.class},
        mixinStandardHelpOptions = true)
public final class DemoMain implements Runnable {

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** Runs one command; see {@link SparkMain} for how it ends. */
    public static void main(String[] args) throws SparkUserAppException {
        SparkMain.run(new DemoMain(), args);
    }

    @Override
    public void run() {
        throw Commands.noCommand(spec);
    }
}
