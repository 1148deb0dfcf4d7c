package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fednano.prep.format.RecordResult;
import org.fednano.prep.format.Reject;
import org.fednano.prep.source.RejectReason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonIndexTest {

    @TempDir
    private Path raw;

    @Test
    void oneRecordThatNoParserTakesDoesNotSpoilItsFile() throws IOException {
        List<String> broken = List.of(
                "NaN",
                "{\"id\": \"nan\", \"weight\": [NaN, -Infinity]}",
                "{\"id\": \"deep\", \"x\": " + "[".repeat(50_000) + "]".repeat(50_000) + "}",
                "{\"id\": \"long\", \"x\": " + "9".repeat(100_000) + "}",
                "{\"id\": \"twice\", \"x\": 1, \"x\": 2}");
        String turns =
                "\"conversations\": [{\"from\": \"human\", \"value\": \"q\"}, {\"from\": \"gpt\", \"value\": \"a\"}]";
        Files.writeString(
                raw.resolve("chats.json"), "[" + String.join(",\r\n", broken) + ", {\"id\": 7, " + turns + "}]");
        List<RecordResult> checked = Raw.check(raw, "prepare.format=llava", "prepare.split=iid");
        assertEquals(broken.size() + 1, checked.size());
        for (int i = 0; i < broken.size(); i++) {
            String detail =
                    Raw.rejected(RejectReason.BROKEN_RECORD, checked.get(i)).detail();
            assertTrue(!detail.contains("JsonReadFeature") && detail.length() < 500, detail);
        }
        assertEquals("7#1", Raw.accepted(checked.get(broken.size())).id());

        new RawFolder(raw)
                .raw("1", "{\"answer\": NaN}")
                .fill("2", "c001", "train", "7")
                .write();
        List<RecordResult> problems = Raw.check(raw);
        Raw.rejected(RejectReason.BROKEN_RECORD, problems.get(0));
        Raw.accepted(problems.get(1));
    }

    /** Ranges end anywhere between records: behind white space, commas, nested values and texts with brackets in them. */
    @Test
    void recordsAreFoundInTheirRanges() throws IOException {
        RawFolder problems = new RawFolder(raw);
        StringBuilder array = new StringBuilder("[");
        StringBuilder lines = new StringBuilder();
        int records = 1300;
        for (int i = 0; i < records; i++) {
            String space = " ".repeat(i % 4) + (i % 5 == 0 ? "\r\n" : "");
            problems.raw("é" + i, space + "{\"n\": " + i + ", \"x\": [{}, \"]}, \\\"\"]}" + space);
            array.append(space)
                    .append(i % 7 == 0 ? "" + i : "{\"id\": " + i + ", \"x\": [[], \"ü],\"]}")
                    .append(space)
                    .append(i < records - 1 ? "," : "]");
            lines.append("\n".repeat(i % 3)).append("{\"id\": ").append(i).append("}\r\n");
        }
        problems.list("train", "é5", "none").list("val", "é1299", "none").write();
        List<RecordResult> found = Raw.check(raw);
        assertEquals(records + 1, found.size());
        for (int i = 0; i < records; i++) {
            Reject reject = Raw.rejected(RejectReason.UNKNOWN_TYPE, found.get(i));
            assertEquals("é" + i, reject.id());
            assertTrue(reject.record().startsWith("{\"n\": " + i + ","), reject.record());
        }
        String missing =
                Raw.rejected(RejectReason.MISSING_RECORD, found.get(records)).detail();
        assertTrue(missing.contains("train,val"), missing);

        Path rows = Files.createDirectories(raw.resolve("rows"));
        Files.writeString(rows.resolve("a.json"), array);
        Files.writeString(rows.resolve("b.jsonl"), lines);
        List<RecordResult> chats = Raw.check(rows, "prepare.format=llava", "prepare.split=iid");
        assertEquals(2 * records, chats.size());
        int line = 0;
        for (int i = 0; i < records; i++) {
            assertEquals("a.json#" + (i + 1), chats.get(i).source());
            assertEquals(i % 7 == 0 ? "a.json#" + (i + 1) : "" + i, chats.get(i).id());
            line += i % 3 + 1;
            assertEquals("b.jsonl#" + line, chats.get(records + i).source());
            assertEquals("" + i, chats.get(records + i).id());
        }
        assertTrue(Raw.index(Raw.settings(raw)).ranges().size() > 3, "several ranges");
    }
}
