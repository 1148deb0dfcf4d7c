package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.io.api.Binary;
import org.fednano.prep.format.RawSample;
import org.fednano.prep.format.RecordResult;
import org.fednano.prep.format.Reject;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.RawIndex;
import org.fednano.prep.source.RawMedium;
import org.fednano.prep.source.RejectReason;
import org.fednano.prep.source.SourceConfig;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableTest {

    private static final byte[] PNG = RawFolder.png(4, 4);

    @TempDir
    private Path temp;

    @TempDir
    private Path spill;

    @BeforeEach
    void pictures() throws IOException {
        Files.write(temp.resolve("a.png"), PNG);
        Files.write(temp.resolve("a.wav"), new byte[] {1, 2, 3});
    }

    private List<RecordResult> lines(String text, String... sets) throws IOException {
        Files.writeString(temp.resolve("rows.jsonl"), text);
        return check(sets);
    }

    private List<RecordResult> check(String... sets) throws IOException {
        List<String> all = new ArrayList<>(List.of("prepare.format=table", "prepare.split=iid"));
        all.addAll(Arrays.asList(sets));
        return Raw.check(spill, temp, all.toArray(String[]::new));
    }

    private byte[] read(RawMedium medium) throws IOException {
        try (MediaFiles media = new MediaFiles(SourceConfig.of(Raw.settings(temp), null), Raw.HADOOP)) {
            return media.read(medium);
        }
    }

    @Test
    void columnsAreFoundByTheirNames() throws IOException {
        RawSample a = Raw.accepted(lines(
                        "{\"id\": 5, \"split\": \"test\", \"owner\": \"c1\", \"question\": \" q? \", \"context\": \"c\", \"answer\":"
                                + " 12, \"task\": \"count\", \"category\": \"x\", \"image\": \"a.png\", \"more\": [1]}")
                .get(0));
        assertEquals("5", a.id());
        assertEquals(Split.TEST, a.split());
        assertEquals("c1", a.owner());
        assertEquals("q?", a.question());
        assertEquals("c", a.context());
        assertEquals("12", a.answer());
        assertEquals(-1, a.answerIndex());
        assertEquals("count", a.task());
        assertEquals("x", a.category());
        assertEquals(List.of(RawMedium.file("image", "a.png")), a.media());
        assertEquals("rows.jsonl#1", a.source());
    }

    @Test
    void columnsAreFoundByTheSettings() throws IOException {
        RawSample a = Raw.accepted(lines(
                        "{\"frage\": \"q?\", \"antwort\": {\"text\": \"ja\"}, \"bild\": [\"a.png\", \"a.png\"], \"ton\": \"a.wav\"}",
                        "prepare.columns={question = frage, answer = antwort.text, image = bild, audio = ton}")
                .get(0));
        assertEquals("rows.jsonl#1", a.id());
        assertEquals("ja", a.answer());
        assertEquals("fill_in_blank", a.task());
        assertEquals(Split.TRAIN, a.split());
        assertEquals(
                List.of(
                        RawMedium.file("image", "a.png"),
                        RawMedium.file("image", "a.png"),
                        RawMedium.file("audio", "a.wav")),
                a.media());
        assertThrows(JobException.class, () -> check("prepare.columns={Audio = ton}"));
    }

    @Test
    void theRightChoiceIsGivenByIndexTextOrLetter() throws IOException {
        String row = "{\"question\": \"q\", \"choices\": [\"red\", \"A\", \"blue\"], ";
        assertEquals(2, index(row + "\"answer\": 2}"));
        assertEquals(2, index(row + "\"answer\": 2.0}"));
        assertEquals(0, index(row + "\"answer\": \"red\"}"));
        assertEquals(1, index(row + "\"answer\": \"A\"}")); // a choice itself before a letter
        assertEquals(2, index(row + "\"answer\": \"C\"}"));
        assertEquals(1, index(row + "\"answer\": \"red\", \"answer_index\": 1}"));
        for (String bad : List.of("3", "-1", "1.5", "\"green\"", "\"D\"", "\"b\"", "[0]")) {
            Raw.rejected(
                    RejectReason.ANSWER_OUTSIDE_CHOICES,
                    lines(row + "\"answer\": " + bad + "}").get(0));
        }
        Raw.rejected(RejectReason.EMPTY_ANSWER, lines(row + "\"answer\": null}").get(0));
        Raw.rejected(RejectReason.EMPTY_ANSWER, lines(row + "\"answer\": \"\"}").get(0));
        Raw.rejected(
                RejectReason.ANSWER_OUTSIDE_CHOICES,
                lines("{\"question\": \"q\", \"choices\": [\"a\", \"a\"], \"answer\": \"a\"}")
                        .get(0));
        Raw.rejected(
                RejectReason.BAD_CHOICES,
                lines("{\"question\": \"q\", \"choices\": \"a, b\", \"answer\": \"a\"}")
                        .get(0));
        assertEquals(
                -1,
                Raw.accepted(lines("{\"question\": \"q\", \"choices\": [], \"answer\": \"a\"}")
                                .get(0))
                        .answerIndex());
    }

    private int index(String line) throws IOException {
        return Raw.accepted(lines(line).get(0)).answerIndex();
    }

    @Test
    void picturesMayComeInsideTheRecord() throws IOException {
        String base64 = Base64.getEncoder().encodeToString(PNG);
        String row = "{\"question\": \"q\", \"answer\": \"a\", \"image\": ";
        List<RecordResult> checked = lines(String.join(
                "\n",
                row + "\"data:image/png;base64," + base64 + "\"}",
                row + "{\"bytes\": \"" + base64 + "\", \"path\": \"x.png\"}}",
                row + "{\"bytes\": null, \"path\": \"a.png\"}}",
                row + "\"\"}",
                row + "{\"bytes\": \"%%\"}}",
                row + "{\"bytes\": \"AAAA\"}}"));
        for (int i = 0; i < 2; i++) {
            RawMedium medium = Raw.accepted(checked.get(i)).media().get(0);
            assertTrue(medium.spilled());
            assertArrayEquals(PNG, read(medium));
        }
        assertEquals(
                RawMedium.file("image", "a.png"),
                Raw.accepted(checked.get(2)).media().get(0));
        assertEquals(List.of(), Raw.accepted(checked.get(3)).media());
        Raw.rejected(RejectReason.BROKEN_RECORD, checked.get(4));
        Raw.rejected(RejectReason.UNDECODABLE_IMAGE, checked.get(5));
    }

    @Test
    void furtherMediaAreBoundedAndMustBeThere() throws IOException {
        String row = "{\"question\": \"q\", \"answer\": \"a\", \"audio\": \"a.wav\"}";
        assertEquals(List.of(), Raw.accepted(lines(row).get(0)).media()); // nothing said that it is one
        Raw.rejected(
                RejectReason.MEDIUM_TOO_LARGE,
                lines(row, "prepare.columns.audio=audio", "prepare.max_media_bytes=2")
                        .get(0));
        Files.delete(temp.resolve("a.wav"));
        Raw.rejected(
                RejectReason.MISSING_MEDIUM,
                lines(row, "prepare.columns.audio=audio").get(0));
    }

    @Test
    void parquetIsReadRowGroupByRowGroup() throws IOException {
        byte[] filler = RawFolder.png(15, 15);
        Raw.parquet(
                temp.resolve("p.parquet"),
                """
                message m {
                  optional binary q (STRING);
                  optional group image { optional binary bytes; optional binary path (STRING); }
                  required group choices (LIST) { repeated group list { optional binary element (STRING); } }
                  required int64 answer;
                  optional group pictures (LIST) { repeated binary array; }
                }
                """,
                500,
                (row, i) -> {
                    if (i != 3) {
                        row.append("q", "question " + i);
                    }
                    row.addGroup("image")
                            .append("bytes", Binary.fromConstantByteArray(i % 2 == 0 ? PNG : filler))
                            .append("path", "x.png");
                    Group choices = row.addGroup("choices");
                    choices.addGroup("list").append("element", "no");
                    choices.addGroup("list").append("element", "yes");
                    row.append("answer", (long) (i % 2));
                });
        RawIndex index = Raw.index(
                Raw.settings(temp, "prepare.format=table", "prepare.split=iid", "prepare.columns.question=q"));
        assertTrue(index.ranges().size() > 2, index.toString());
        assertEquals(500, index.records());
        List<RecordResult> checked = check("prepare.columns.question=q");
        assertEquals(500, checked.size());
        for (int i = 0; i < 500; i++) {
            if (i == 3) {
                Reject reject = Raw.rejected(RejectReason.EMPTY_QUESTION, checked.get(i));
                assertEquals("p.parquet#4", reject.source());
                assertTrue(reject.record().contains("bytes>"), reject.record());
                continue;
            }
            RawSample a = Raw.accepted(checked.get(i));
            assertEquals("p.parquet#" + (i + 1), a.id());
            assertEquals("question " + i, a.question());
            assertEquals(i % 2 == 0 ? "no" : "yes", a.answer());
            assertArrayEquals(i % 2 == 0 ? PNG : filler, read(a.media().get(0)));
        }
    }

    @Test
    void brokenTextInParquetIsNoMojibake() throws IOException {
        Raw.parquet(
                temp.resolve("p.parquet"),
                "message m { required binary question (STRING); required binary answer (STRING); }",
                1,
                (row, i) -> row.append(
                                "question",
                                Binary.fromConstantByteArray("Größe?".getBytes(StandardCharsets.ISO_8859_1)))
                        .append("answer", "a"));
        Raw.rejected(RejectReason.BROKEN_ENCODING, check().get(0));
    }

    @Test
    void aFileThatIsNoParquetOrLacksAColumnIsBadInput() throws IOException {
        Raw.parquet(
                temp.resolve("p.parquet"),
                "message m { required binary q (STRING); required binary answer (STRING); }",
                1,
                (row, i) -> row.append("q", "q").append("answer", "a"));
        JobException lacks = assertThrows(JobException.class, this::check);
        assertEquals(ExitStatus.BAD_INPUT, lacks.status());
        assertTrue(lacks.getMessage().contains("[answer, q]"), lacks.getMessage());
        byte[] whole = Files.readAllBytes(temp.resolve("p.parquet"));
        Files.deleteIfExists(temp.resolve(".p.parquet.crc"));
        for (byte[] bytes : List.of(new byte[0], new byte[100], Arrays.copyOf(whole, whole.length / 2))) {
            Files.write(temp.resolve("p.parquet"), bytes);
            JobException e = assertThrows(JobException.class, () -> check("prepare.columns.question=q"));
            assertEquals(ExitStatus.BAD_INPUT, e.status());
            assertTrue(e.getMessage().contains("p.parquet"), e.getMessage());
        }
    }

    @Test
    void rowsThatAreDamagedOnDiskAreCounted() throws IOException {
        Raw.parquet(
                temp.resolve("p.parquet"),
                "message m { required binary question (STRING); required binary answer (STRING); }",
                20,
                (row, i) -> row.append("question", "question " + i).append("answer", "answer" + i));
        byte[] whole = Files.readAllBytes(temp.resolve("p.parquet"));
        Files.deleteIfExists(temp.resolve(".p.parquet.crc"));
        for (int from = 4; from < 200; from += 20) {
            byte[] bytes = whole.clone();
            Arrays.fill(bytes, from, from + 20, (byte) 0x7F);
            Files.write(temp.resolve("p.parquet"), bytes);
            List<RecordResult> checked = check();
            assertEquals(20, checked.size(), "damaged from " + from);
            if (from == 4) {
                Raw.rejected(RejectReason.BROKEN_RECORD, checked.get(0));
            }
        }
    }

    @Test
    void theFingerprintChangesWithTheRows() throws IOException {
        String row = "{\"question\": \"q\", \"answer\": \"a\"}\n";
        Files.writeString(temp.resolve("rows.jsonl"), row);
        String one = fingerprint();
        assertEquals(one, fingerprint());
        Files.writeString(temp.resolve("rows.jsonl"), row + row);
        assertFalse(one.equals(fingerprint()));
    }

    private String fingerprint() throws IOException {
        return Raw.index(Raw.settings(temp, "prepare.format=table")).fingerprint();
    }
}
