package org.fednano.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StatusLineTest {

    private final AtomicLong seconds = new AtomicLong();
    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();

    private StatusLine line(int columns) {
        return new StatusLine(screen, columns, () -> seconds.get() * 1_000_000_000L);
    }

    private String said() {
        return screen.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aTerminalsLineRenewsItself() {
        StatusLine line = line(80);
        line.doing("loading");
        seconds.set(61);
        line.look();
        line.look();
        line.close();
        line.doing("too late"); // a command's thread goes on for a moment after a signal
        assertEquals("loading  0:00\r\033[Kloading  1:01\r\033[K", said());
    }

    @Test
    void timeIsThatOfWhatIsBeingDone() {
        StatusLine line = line(80);
        line.doing(() -> seconds.get() < 10
                ? new StatusLine.Status("round 1", ": " + seconds.get() + " of 9 done")
                : new StatusLine.Status("round 2", ""));
        seconds.set(9);
        line.look();
        seconds.set(12);
        line.look();
        assertEquals("round 1: 0 of 9 done  0:00\r\033[Kround 1: 9 of 9 done  0:09\r\033[Kround 2  0:00", said());
    }

    @Test
    void otherOutputStandsAlone() throws Exception {
        StatusLine line = line(80);
        PrintStream other = new PrintStream(line.beside(screen), false, StandardCharsets.UTF_8);
        line.doing("round 1");
        other.println("a result");
        other.flush();
        line.look();
        other.print("half ");
        other.flush();
        line.look(); // not behind half a line
        other.println("a line");
        other.flush();
        line.close();
        assertEquals("round 1  0:00\r\033[Ka result\nround 1  0:00\r\033[Khalf a line\n", said());
    }

    @Test
    void itIsNeverWiderThanTheTerminal() {
        line(12).doing("äöü".repeat(10));
        assertEquals("äöüäöüäöüä…", said());
    }

    @Test
    void wideLettersCountTwiceAndNoneMovesTheCursor() {
        assertEquals("图像图像…", DisplayWidth.fit("图像图像图像", 10));
        assertEquals("图像图像", DisplayWidth.fit("图像图像", 9));
        assertEquals("图像图…", DisplayWidth.fit("图像图像", 8));
        assertEquals("e\u0301a", DisplayWidth.fit("e\u0301a", 3));
        assertEquals("a?b?c?[Kd", DisplayWidth.fit("a\nb\rc\033[Kd", 80));
        assertEquals("", DisplayWidth.fit("a", 1));
        for (int columns = 2; columns < 40; columns++) {
            String fit = DisplayWidth.fit("encoding 客户端 of 東京 😀😀😀", columns);
            int width = fit.codePoints().map(c -> c > 0x2E80 ? 2 : 1).sum();
            assertTrue(width < columns, fit + " in " + columns);
        }
    }

    @Test
    void whoFailsToAnswerIsAskedAgain() {
        StatusLine line = line(80);
        line.doing(() -> {
            if (seconds.get() == 1) {
                throw new IllegalStateException("closing");
            }
            return new StatusLine.Status("round 1", ": " + seconds.get() + " done");
        });
        for (int s = 1; s <= 2; s++) {
            seconds.set(s);
            line.look();
        }
        assertEquals("round 1: 0 done  0:00\r\033[Kround 1  0:01\r\033[Kround 1: 2 done  0:02", said());
    }

    @Test
    void aStepEndsWithWhatWasBefore() {
        StatusLine line = line(80);
        line.doing("round 1");
        StatusLine.Step committing = line.step("committing round 1");
        assertTrue(said().endsWith("\033[Kcommitting round 1  0:00"), said());
        committing.end();
        assertTrue(said().endsWith("\033[Kround 1  0:00"), said());
    }

    @Test
    void aFileGetsALineNowAndThen() {
        StatusLine line = line(0);
        line.doing("encoding");
        for (int s = 0; s <= 100; s++) {
            seconds.set(s);
            line.look();
        }
        line.close();
        assertEquals("encoding  0:05\nencoding  0:35\nencoding  1:05\nencoding  1:35\n", said().replace("\r\n", "\n"));
        assertFalse(said().contains("\033"));
    }

    @Test
    void withoutAnyItShowsNothing() {
        OutputStream other = new ByteArrayOutputStream();
        assertTrue(StatusLine.get().beside(other) == other);
        StatusLine.get().doing("x");
        StatusLine.get().doing("");
    }
}
