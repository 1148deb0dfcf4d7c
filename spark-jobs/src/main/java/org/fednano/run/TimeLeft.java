package org.fednano.run;

import java.util.function.LongSupplier;

/**
 * How long a call still takes that trains rounds, of one run or of several, as long as its rounds took so far; one round is
 * needed to know.
 */
public final class TimeLeft {

    private final int rounds;
    private final LongSupplier nanos;
    private long began = -1;
    private int done;
    private long lastEnd;

    /** @param rounds that the call is to train */
    public TimeLeft(int rounds) {
        this(rounds, System::nanoTime);
    }

    TimeLeft(int rounds, LongSupplier nanos) {
        this.rounds = rounds;
        this.nanos = nanos;
    }

    synchronized void begins() {
        if (began < 0) {
            began = nanos.getAsLong();
        }
    }

    synchronized void ended() {
        done++;
        lastEnd = nanos.getAsLong();
    }

    /** In words; empty where it is not known. */
    synchronized String text() {
        if (done == 0 || done >= rounds) {
            return "";
        }
        double each = (lastEnd - began) / 1e9 / done;
        long seconds = Math.round(each * (rounds - done) - (nanos.getAsLong() - lastEnd) / 1e9);
        return seconds <= 0 ? "" : String.format("about %d:%02d left", seconds / 60, seconds % 60);
    }
}
