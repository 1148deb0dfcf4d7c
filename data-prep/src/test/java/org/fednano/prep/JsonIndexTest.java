package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fednano.prep.Reject.Reason;
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
        List<Checked> checked = Raw.check(raw, "prepare.format=llava", "prepare.split=iid");
        assertEquals(broken.size() + 1, checked.size());
        for (int i = 0; i < broken.size(); i++) {
            String detail = Raw.rejected(Reason.BROKEN_RECORD, checked.get(i)).detail();
            assertTrue(!detail.contains("JsonReadFeature") && detail.length() < 500, detail);
        }
        assertEquals("7#1", Raw.accepted(checked.get(broken.size())).id());

        new RawFolder(raw)
                .raw("1", "{\"answer\": NaN}")
                .fill("2", "c001", "train", "7")
                .write();
        List<Checked> problems = Raw.check(raw);
        Raw.rejected(Reason.BROKEN_RECORD, problems.get(0));
        Raw.accepted(problems.get(1));
    }
}
