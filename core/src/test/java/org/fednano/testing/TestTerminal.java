package org.fednano.testing;

import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import org.fednano.console.StatusLine;

/** A wide terminal for a command that runs in the test's own process: what its line says while it works. */
public final class TestTerminal implements AutoCloseable {

    private static final int COLUMNS = 400;

    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
    private final StatusLine line = StatusLine.open(screen, COLUMNS);

    /** All that was shown so far, with what clears a line between. */
    public String shown() {
        return screen.toString(StandardCharsets.UTF_8);
    }

    /**
     * Takes a command's results, and holds the command at one of them.
     *
     * @param at begins the result
     * @param until the line says this, the command stays there
     */
    public PrintWriter heldAt(String at, String until) {
        return new PrintWriter(new StringWriter(), true) {
            @Override
            public void println(String result) {
                super.println(result);
                if (result.startsWith(at)) {
                    Eventually.await(() -> shown().contains(until));
                }
            }
        };
    }

    @Override
    public void close() {
        line.close();
    }
}
