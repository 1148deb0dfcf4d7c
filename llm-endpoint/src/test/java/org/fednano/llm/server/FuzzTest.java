package org.fednano.llm.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.fednano.llm.Reason;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The server under malformed requests: right reasons, same answers, flat memory. */
class FuzzTest {

    /** Reasons that no request of one caller can bring about by being malformed. */
    private static final Set<Reason> OTHERS = EnumSet.of(
            Reason.OOM,
            Reason.BUSY,
            Reason.NOT_READY,
            Reason.ROUND_CLOSED,
            Reason.MISS,
            Reason.ENDPOINT_DOWN,
            Reason.NONFINITE_OUTPUT,
            Reason.INTERNAL);

    @Test
    void someThousandMalformedRequests() throws Exception {
        check(Fuzz.run(4_000, 20261122));
    }

    @Test
    @Tag("slow")
    void aHundredThousandMalformedRequests() throws Exception {
        Fuzz.Report report = Fuzz.run(100_000, 1);
        System.out.printf(
                "fuzz: %d malformed requests of %d kinds in %.1f s; reasons %s; heap %.1f -> %.1f MiB, process %.0f -> %.0f"
                        + " MiB, native arrays %d -> %d%n",
                report.requests(),
                report.kinds(),
                report.seconds(),
                report.reasons(),
                report.heapBefore() / 1048576.0,
                report.heapAfter() / 1048576.0,
                report.residentBefore() / 1048576.0,
                report.residentAfter() / 1048576.0,
                report.arraysBefore(),
                report.arraysAfter());
        check(report);
        // 90,000 requests that each left a hundred bytes would leave 9 MB.
        assertTrue(
                report.heapAfter() < report.heapBefore() + (8 << 20),
                () -> "heap grew from " + report.heapBefore() + " to " + report.heapAfter());
    }

    private static void check(Fuzz.Report report) {
        assertTrue(
                report.wrong().isEmpty(),
                () -> report.wrong().size() + " wrong: "
                        + report.wrong().stream().limit(20).collect(Collectors.joining("\n")));
        assertEquals(
                EnumSet.complementOf(EnumSet.copyOf(OTHERS)), report.reasons().keySet());
        assertEquals(
                report.requests(),
                report.reasons().values().stream().mapToInt(n -> n).sum());
        assertEquals(report.arraysBefore(), report.arraysAfter());
        assertEquals(new LlmServer.State(0, 0, 0), report.state());
    }
}
