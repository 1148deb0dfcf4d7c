package org.fednano.console;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * One line on standard error that says what is being done. On a terminal it renews itself and goes away when other output comes; in
 * a file or a pipe it becomes a line of its own now and then, without control characters.
 *
 * <p>A process has one terminal, so it has one of these; it shows nothing until {@link #open} was called.
 */
public final class StatusLine implements AutoCloseable {

    /** A file gets the first line after so long, and then one in so long, in seconds. */
    static final long FIRST = 5;

    static final long EVERY = 30;

    private static final long LOOK_MILLIS = 200;
    private static final String CLEAR = "\r\033[K";

    /**
     * What is being done.
     *
     * @param what the time since it began stands behind it; empty: nothing that takes time
     * @param detail how far it is
     */
    public record Status(String what, String detail) {}

    private static volatile StatusLine shared = new StatusLine(null, 0, System::nanoTime);

    private final PrintStream out; // null: shows nothing
    private final int columns; // 0: no terminal
    private final LongSupplier nanos;
    private Supplier<Status> doing = () -> new Status("", "");
    private String what = "";
    private String shown = "";
    private boolean midLine; // other output has not ended its line yet
    private long since;
    private long told;
    private boolean toldBefore;
    private boolean closed;
    private Thread ticking;

    StatusLine(OutputStream out, int columns, LongSupplier nanos) {
        this.out = out == null ? null : new PrintStream(out, true, StandardCharsets.UTF_8);
        this.columns = columns;
        this.nanos = nanos;
        told = nanos.getAsLong();
    }

    /** The process's own. */
    public static StatusLine get() {
        return shared;
    }

    /**
     * Begins to show.
     *
     * @param err standard error itself; null: nothing is shown
     * @param columns of the terminal that it is; 0: it is none. On a terminal the entry script has left a line, which goes
     */
    public static StatusLine open(OutputStream err, int columns) {
        StatusLine line = new StatusLine(err, columns, System::nanoTime);
        line.shown = columns > 0 ? "starting" : "";
        line.ticking = new Thread(line::tick, "fednano-status");
        line.ticking.setDaemon(true);
        line.ticking.start();
        Runtime.getRuntime().addShutdownHook(new Thread(line::close)); // a signal leaves the terminal clean, too
        shared = line;
        return line;
    }

    /** Says what is being done from now on; empty: nothing that takes time. */
    public void doing(String what) {
        Status fixed = new Status(what, "");
        doing(() -> fixed);
    }

    /** The same where it changes meanwhile; asked five times a second, on a thread of its own. */
    public synchronized void doing(Supplier<Status> changing) {
        doing = changing;
        look();
    }

    /**
     * Says what is being done for as long as it takes; then again what was before.
     *
     * @param changing as for {@link #doing(Supplier)}
     */
    public Step step(Supplier<Status> changing) {
        Supplier<Status> before;
        synchronized (this) {
            before = doing;
        }
        doing(changing);
        return () -> doing(before);
    }

    /** The same with words that stay. */
    public Step step(String what) {
        Status fixed = new Status(what, "");
        return step(() -> fixed);
    }

    /** Something that takes time. */
    public interface Step {

        /** Shows again what was before. */
        void end();
    }

    /** Output that shares the terminal: the line makes way for it. */
    public OutputStream beside(OutputStream other) {
        return out == null ? other : new Beside(other);
    }

    private void tick() {
        try {
            while (true) {
                Thread.sleep(LOOK_MILLIS);
                look();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Shows what is to be shown now. */
    synchronized void look() {
        if (out == null || closed) {
            return;
        }
        Status status = now();
        long now = nanos.getAsLong();
        if (!status.what.equals(what)) {
            what = status.what;
            since = now;
        }
        String line = what.isEmpty() ? "" : what + status.detail + "  " + elapsed(now);
        if (columns > 0) {
            renew(DisplayWidth.fit(line, columns));
        } else if (!line.isEmpty() && now - told >= (toldBefore ? EVERY : FIRST) * 1_000_000_000L) {
            out.println(line);
            told = now;
            toldBefore = true;
        }
    }

    /** Whoever is asked may be closing, and fail; the next time he may answer. */
    private Status now() {
        try {
            return doing.get();
        } catch (RuntimeException e) {
            return new Status(what, "");
        }
    }

    private void renew(String line) {
        if (!midLine && !line.equals(shown)) {
            out.print((shown.isEmpty() ? "" : CLEAR) + line);
            out.flush();
            shown = line;
        }
    }

    private String elapsed(long now) {
        long seconds = (now - since) / 1_000_000_000L;
        return String.format("%d:%02d", seconds / 60, seconds % 60);
    }

    private void makeWay() {
        if (!shown.isEmpty()) {
            out.print(CLEAR);
            out.flush();
            shown = "";
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (ticking != null) {
            ticking.interrupt();
        }
        if (out != null) {
            makeWay();
        }
    }

    private final class Beside extends FilterOutputStream {

        Beside(OutputStream other) {
            super(other);
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            synchronized (StatusLine.this) {
                makeWay();
                super.out.write(bytes, from, length);
                super.out.flush();
                if (length > 0) {
                    midLine = bytes[from + length - 1] != '\n';
                }
            }
        }
    }
}
