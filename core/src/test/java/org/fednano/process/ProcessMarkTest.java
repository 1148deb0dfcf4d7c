package org.fednano.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProcessMarkTest {

    @Test
    void aProcessIsFoundInANameAndSeenToLiveOrToBeGone() throws IOException, InterruptedException {
        ProcessMark here = ProcessMark.here();
        String name = ".making-client_id=c001-" + here.text() + "9f0c";
        assertEquals(Optional.of(here), ProcessMark.in(name));
        assertFalse(ProcessMark.isOfDead(name));

        Process child = new ProcessBuilder("sleep", "60").start();
        ProcessMark other = new ProcessMark(
                here.host(),
                child.pid(),
                child.info().startInstant().orElseThrow().toEpochMilli());
        assertFalse(ProcessMark.isOfDead(other.text()));
        child.destroyForcibly().waitFor();
        assertTrue(ProcessMark.isOfDead(other.text()));
    }

    @Test
    void anotherProcessOfTheSameIdIsAnother() {
        ProcessMark here = ProcessMark.here();
        ProcessMark before = new ProcessMark(here.host(), here.pid(), here.startedMillis() - 3_600_000);
        assertTrue(before.isKnownDead());
        assertFalse(new ProcessMark(here.host(), here.pid(), 0).isKnownDead(), "when it started is not known");
    }

    @Test
    void ofOtherHostsAndUnmarkedNamesNothingIsKnown() {
        assertFalse(ProcessMark.isOfDead(new ProcessMark("elsewhere", 99_999_999, 1).text()));
        assertFalse(ProcessMark.isOfDead(".making-client_id=c001-9f0c"));
        assertFalse(ProcessMark.isOfDead("~0123abcd.12~"));
    }
}
