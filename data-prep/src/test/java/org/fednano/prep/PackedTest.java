package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.fednano.prep.Reject.Reason;
import org.fednano.sample.Split;
import org.junit.jupiter.api.Test;

class PackedTest {

    @Test
    void outcomesComeBackAsTheyWere() {
        String longText = "ü\n\u0000\uD83D\uDE00".repeat(50_000); // more than writeUTF could hold
        List<Checked> outcomes = List.of(
                Checked.of(new Accepted(
                        "a",
                        Split.BALANCED,
                        null,
                        longText,
                        "",
                        List.of("x", ""),
                        "y",
                        1,
                        "task",
                        "",
                        "column",
                        List.of(RawMedium.file("image", "p.png"), new RawMedium("audio", "spool", 7_000_000_000L, 5)),
                        "rows.jsonl#1")),
                Checked.of(new Reject("b", Reason.UNSAFE_PATH, "detail", "source", null)),
                Checked.of(new Reject("", Reason.ANSWER_OUTSIDE_CHOICES, "detail", "source", "text")));
        assertEquals(outcomes, Packed.read(Packed.of(outcomes)));
        assertEquals(List.of(), Packed.read(Packed.of(List.of())));
    }

    @Test
    void aTextThatIsCutKeepsItsLastLetterWhole() {
        String pairs = "a" + "\uD83D\uDE00".repeat(3_000);
        Reject reject = new Reject("a", Reason.BROKEN_RECORD, pairs, "source", pairs);
        assertEquals(4_095, reject.detail().length());
        assertEquals(
                4_096,
                new Reject("a", Reason.BROKEN_RECORD, "x".repeat(5_000), "s", null)
                        .detail()
                        .length());
    }
}
