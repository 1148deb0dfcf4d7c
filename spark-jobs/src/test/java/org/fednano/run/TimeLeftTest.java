package org.fednano.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TimeLeftTest {

    private final AtomicLong seconds = new AtomicLong();
    private final TimeLeft left = new TimeLeft(4, () -> seconds.get() * 1_000_000_000L);

    @Test
    void isWhatTheRoundsOfThisCallTook() {
        left.begins();
        seconds.set(40);
        assertEquals("", left.text());
        left.ended();
        assertEquals("about 2:00 left", left.text());
        left.begins();
        seconds.set(70);
        assertEquals("about 1:30 left", left.text());
        seconds.set(80);
        left.ended();
        assertEquals("about 1:20 left", left.text());
        seconds.set(170);
        assertEquals("", left.text()); // it takes longer than it should
        left.ended();
        left.ended();
        assertEquals("", left.text());
    }
}
