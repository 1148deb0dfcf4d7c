package org.fednano.llm.cli;

import org.fednano.llm.inspect.InspectCommand;
import org.fednano.settings.Commands;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The commands of this module: {@code EndpointMain endpoint COMMAND [options]} and {@code inspect}. Needs no Spark. */
@Command(
        name = "fednano",
        mixinStandardHelpOptions = true,
        description = "The frozen LLM: as a service, and what of a model a client can leave to it.",
        subcommands = {EndpointMain.Endpoint.class, InspectCommand.class})
public final class EndpointMain implements Runnable {

    /** Groups the commands around an endpoint. */
    @Command(
            name = "endpoint",
            mixinStandardHelpOptions = true,
            description = {
                "The frozen LLM as a service: contract llmgrad/1 over the Open Inference Protocol (gRPC).",
                "A command's --help explains it with examples.",
                ""
            },
            subcommands = {ServeCommand.class, CheckCommand.class},
            exitCodeListHeading = "%nExit status:%n",
            exitCodeList = {
                "0:done",
                "1:anything else",
                "2:wrong usage or settings",
                "3:bad input data",
                "5:endpoint unavailable"
            })
    static final class Endpoint implements Runnable {
        @CommandLine.Spec
        private CommandLine.Model.CommandSpec spec;

        @Override
        public void run() {
            throw Commands.noCommand(spec);
        }
    }

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** Runs a command and leaves with its exit status. */
    public static void main(String[] args) {
        Commands.runAndExit(new EndpointMain(), args);
    }

    @Override
    public void run() {
        throw Commands.noCommand(spec);
    }
}
