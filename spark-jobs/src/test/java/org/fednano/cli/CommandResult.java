package org.fednano.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.fednano.settings.Commands;

/** A command of this module as it ended, called in this process as its main would. */
public record CommandResult(int status, String output, String errors) {

    /**
     * Runs a command.
     *
     * @param sets {@code key=value} each
     * @param more further words of the command line
     */
    public static CommandResult command(String command, List<String> sets, String... more) {
        List<String> args = new ArrayList<>(List.of(command));
        sets.forEach(set -> args.addAll(List.of("--set", set)));
        args.addAll(List.of(more));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status = Commands.run(
                new SparkJobsMain(),
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                args.toArray(String[]::new));
        return new CommandResult(status, out.toString(), err.toString());
    }
}
