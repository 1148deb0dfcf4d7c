package org.fednano.run;

import java.util.function.LongSupplier;

/** How long a call of {@code train} still takes, as long as its rounds took so far; one round is needed to know. */
final class TimeLeft {

    private final int goal;
    private final LongSupplier nanos;
    private long began = -1;
    private int rounds;
    private int last;
    private long lastEnd;

    TimeLeft(int goal, LongSupplier nanos) {
        this.goal = goal;
        this.nanos = nanos;
    }

    synchronized void begins(int round) {
        if (began < 0) {
            began = nanos.getAsLong();
        }
        last = round - 1;
    }

    synchronized void ended(int round) {
        rounds++;
        last = round;
        lastEnd = nanos.getAsLong();
    }

    /** In words; empty where it is not known. */
    synchronized String text() {
        if (rounds == 0 || last >= goal) {
            return "";
        }
        double each = (lastEnd - began) / 1e9 / rounds;
        long seconds = Math.round(each * (goal - last) - (nanos.getAsLong() - lastEnd) / 1e9);
        return seconds <= 0 ? "" : String.format("about %d:%02d left", seconds / 60, seconds % 60);
    }
}
