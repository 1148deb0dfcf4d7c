package org.fednano.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.fednano.settings.Commands;
import org.fednano.testing.TestTerminal;

/**
 * A command of this module as it ended, called in this process as its main would.
 *
 * @param shown by the line that says what is being done
 */
public record CommandResult(int status, String output, String errors, String shown) {

    /**
     * Runs a command.
     *
     * @param sets {@code key=value} each
     * @param more further words of the command line
     */
    public static CommandResult command(String command, List<String> sets, String... more) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        try (TestTerminal terminal = new TestTerminal()) {
            int status = Commands.run(
                    new SparkJobsMain(),
                    new PrintWriter(out, true),
                    new PrintWriter(err, true),
                    words(command, sets, more));
            return new CommandResult(status, out.toString(), err.toString(), terminal.shown());
        }
    }

    /** Its command line. */
    static String[] words(String command, List<String> sets, String... more) {
        List<String> words = new ArrayList<>(List.of(command));
        sets.forEach(set -> words.addAll(List.of("--set", set)));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }
}
