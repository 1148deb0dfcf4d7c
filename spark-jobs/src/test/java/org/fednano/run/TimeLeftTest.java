package org.fednano.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TimeLeftTest {

    private final AtomicLong seconds = new AtomicLong();
    private final TimeLeft left = new TimeLeft(10, () -> seconds.get() * 1_000_000_000L);

    @Test
    void isWhatTheRoundsOfThisCallTook() {
        left.begins(7);
        seconds.set(40);
        assertEquals("", left.text());
        left.ended(7);
        assertEquals("about 2:00 left", left.text());
        left.begins(8);
        seconds.set(70);
        assertEquals("about 1:30 left", left.text());
        seconds.set(80);
        left.ended(8);
        assertEquals("about 1:20 left", left.text());
        seconds.set(170);
        assertEquals("", left.text()); // it takes longer than it should
        left.ended(9);
        left.ended(10);
        assertEquals("", left.text());
    }
}
