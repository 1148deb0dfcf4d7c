package org.fednano.llm.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The commands of this module: {@code EndpointMain endpoint COMMAND [options]}. Needs no Spark. */
@Command(
        name = "fednano",
        mixinStandardHelpOptions = true,
        description = "The frozen LLM as a service.",
        subcommands = EndpointMain.Endpoint.class)
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
            throw missing(spec);
        }
    }

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** Runs a command and leaves with its exit status. */
    public static void main(String[] args) {
        // UTF-8 whatever the locale.
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
        return new CommandLine(new EndpointMain())
                .setOut(out)
                .setErr(err)
                .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command.getErr()))
                .execute(args);
    }

    @Override
    public void run() {
        throw missing(spec);
    }

    private static CommandLine.ParameterException missing(CommandLine.Model.CommandSpec spec) {
        return new CommandLine.ParameterException(spec.commandLine(), "Which command? One of the list is expected.");
    }

    private static int failed(Exception e, PrintWriter err) {
        if (e instanceof JobException known) {
            err.println("error: " + known.getMessage());
            LoggerFactory.getLogger(EndpointMain.class).debug("Why", known);
            return known.status().code();
        }
        err.println("error: " + e + " (the log has the stack trace)");
        LoggerFactory.getLogger(EndpointMain.class).error("Unexpected failure", e);
        return ExitStatus.FAILED.code();
    }
}
