package org.fednano.testing;

import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
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
     * Takes a command's results, and holds the command at some of them.
     *
     * @param until in this order: what begins a result, and what the line has to say before the command goes on behind it
     */
    public PrintWriter held(List<Map.Entry<String, String>> until) {
        Deque<Map.Entry<String, String>> ahead = new ArrayDeque<>(until);
        return new PrintWriter(new StringWriter(), true) {
            @Override
            public void println(String result) {
                super.println(result);
                if (!ahead.isEmpty() && result.startsWith(ahead.peek().getKey())) {
                    String said = ahead.remove().getValue();
                    Eventually.await(() -> shown().contains(said));
                }
            }
        };
    }

    @Override
    public void close() {
        line.close();
    }
}
