package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fednano.prep.format.RawSample;
import org.fednano.prep.format.RecordResult;
import org.fednano.prep.format.Reject;
import org.fednano.prep.source.RawMedium;
import org.fednano.prep.source.RejectReason;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LlavaTest {

    @TempDir
    private Path temp;

    @BeforeEach
    void pictures() throws IOException {
        Files.createDirectories(temp.resolve("img"));
        for (String name : List.of("a.png", "b.png")) {
            Files.write(temp.resolve("img").resolve(name), RawFolder.png(3, 3));
        }
    }

    /** A record with turns of human and gpt by turns. */
    private static ObjectNode record(String id, Object image, String... turns) {
        ObjectNode record = new ObjectMapper().createObjectNode();
        if (id != null) {
            record.put("id", id);
        }
        if (image instanceof String one) {
            record.put("image", one);
        } else if (image instanceof List<?> many) {
            many.forEach(i -> record.withArray("image").add((String) i));
        }
        record.putArray("conversations");
        for (int i = 0; i < turns.length; i++) {
            turn(record, i % 2 == 0 ? "human" : "gpt", turns[i]);
        }
        return record;
    }

    private static ObjectNode turn(ObjectNode record, String from, String value) {
        record.withArray("conversations").addObject().put("from", from).put("value", value);
        return record;
    }

    private List<RecordResult> check(ObjectNode... records) throws IOException {
        Files.writeString(temp.resolve("data.json"), List.of(records).toString());
        return read();
    }

    private List<RecordResult> read(String... sets) throws IOException {
        String[] all = java.util.Arrays.copyOf(sets, sets.length + 2);
        all[sets.length] = "prepare.format=llava";
        all[sets.length + 1] = "prepare.split=iid";
        return Raw.check(temp, all);
    }

    @Test
    void eachAnswerIsASampleWithTheTurnsBeforeItAsContext() throws IOException {
        List<RecordResult> checked = check(
                record("7", "img/a.png", "<image>\nWhat is it?", "A cat.", "What colour?", "Black.", "Sure?", "Yes."));
        assertEquals(3, checked.size());
        RawSample first = Raw.accepted(checked.get(0));
        assertEquals("7#1", first.id());
        assertEquals("What is it?", first.question());
        assertEquals("", first.context());
        assertEquals("A cat.", first.answer());
        assertEquals(-1, first.answerIndex());
        assertEquals("conversation", first.task());
        assertEquals(Split.TRAIN, first.split());
        assertEquals(List.of(RawMedium.file("image", "img/a.png")), first.media());
        assertEquals("data.json#1", first.source());
        RawSample last = Raw.accepted(checked.get(2));
        assertEquals("7#3", last.id());
        assertEquals("Sure?", last.question());
        assertEquals("USER: What is it?\nASSISTANT: A cat.\nUSER: What colour?\nASSISTANT: Black.", last.context());
        assertEquals(1, last.media().size());
    }

    @Test
    void aPictureBelongsToTheTurnsFromItsMarkOn() throws IOException {
        List<RecordResult> checked =
                check(record("7", List.of("img/a.png", "img/b.png"), "<image>one?", "1", "and <image>?", "2"));
        assertEquals(1, Raw.accepted(checked.get(0)).media().size());
        assertEquals(
                List.of(RawMedium.file("image", "img/a.png"), RawMedium.file("image", "img/b.png")),
                Raw.accepted(checked.get(1)).media());
        assertEquals("and ?", Raw.accepted(checked.get(1)).question());
    }

    @Test
    void mediaThatCannotBeReadAreNoText() throws IOException {
        for (String mark : List.of(
                "<video>",
                "<audio>",
                "<speech>",
                "<Video>",
                "<image_1>",
                "<image1>",
                "<IMAGE>",
                "<ImageHere>",
                "<image-placeholder>",
                "<|image|>",
                "<|video_pad|>",
                "<point_cloud>",
                "<video/>",
                "<image />",
                "</image>",
                "<vid>",
                "<IMG_CONTEXT>",
                "<image_soft_token>",
                "<start_of_image>",
                "<|begin_of_video|>",
                "<|vision_bos|>",
                "<im_start>",
                "<videos>")) {
            Reject reject = Raw.rejected(
                    RejectReason.UNSUPPORTED_MEDIUM,
                    check(record("7", "img/a.png", mark + "\nWhat is it?", "A cat."))
                            .get(0));
            assertTrue(reject.detail().contains(mark), reject.detail());
            Raw.rejected(
                    RejectReason.UNSUPPORTED_MEDIUM,
                    check(record("7", null, "q", "see " + mark)).get(0));
        }
        for (String text : List.of(
                "a <b>",
                "<s> 3 < 5 > 4",
                "<videogame>",
                "<unk>",
                "<|im_start|>",
                "<start>",
                "an <audio controls> tag",
                "image>")) {
            assertEquals(
                    text,
                    Raw.accepted(check(record("7", null, text, "a")).get(0)).question());
        }
    }

    @Test
    void fieldsOfOtherMediaAreNotPassedOver() throws IOException {
        for (String field : List.of("video", "videos", "audio", "Audio", "speech", "video_path", "point_cloud")) {
            Raw.rejected(
                    RejectReason.UNSUPPORTED_MEDIUM,
                    check(record("7", null, "q", "a").put(field, "a.mp4")).get(0));
            ObjectNode list = record("7", null, "q", "a");
            list.putArray(field).add("a.mp4");
            Raw.rejected(RejectReason.UNSUPPORTED_MEDIUM, check(list).get(0));
            Raw.accepted(check(record("7", null, "q", "a").putNull(field).put("video_id", 5))
                    .get(0));
        }
    }

    @Test
    void nullsAmongPicturesAreNone() throws IOException {
        ObjectNode record = record("7", List.of("img/a.png"), "<image>q", "a");
        record.withArray("image").addNull();
        assertEquals(1, Raw.accepted(check(record).get(0)).media().size());
    }

    @Test
    void picturesComeInEitherFieldButNotInBoth() throws IOException {
        ObjectNode record = record("7", null, "<image>q", "a").putNull("image");
        record.putArray("images").add("img/a.png");
        assertEquals(1, Raw.accepted(check(record).get(0)).media().size());
        record.put("image", "img/b.png");
        Raw.rejected(RejectReason.BAD_CONVERSATION, check(record).get(0));
    }

    @Test
    void picturesMayBeInTheRecordAsInTables() throws IOException {
        String base64 = java.util.Base64.getMimeEncoder().encodeToString(RawFolder.png(3, 3));
        ObjectNode uri = record("7", "DATA:image/png;charset=utf-8;base64," + base64, "<image>q", "a");
        ObjectNode struct = record("8", null, "<image>q", "a");
        struct.putObject("image").put("bytes", base64).putNull("path");
        for (RecordResult checked : check(uri, struct)) {
            assertTrue(Raw.accepted(checked).media().get(0).spilled());
        }
    }

    @Test
    void picturesWithoutMarksAreShownFromTheStart() throws IOException {
        assertEquals(
                2,
                Raw.accepted(check(record("7", List.of("img/a.png", "img/b.png"), "q", "a"))
                                .get(0))
                        .media()
                        .size());
        assertEquals(
                List.of(),
                Raw.accepted(check(record("8", null, "q", "a")).get(0)).media());
    }

    @Test
    void aSystemTextAndOtherNamesOfTheSidesAreRead() throws IOException {
        ObjectNode record = record("7", null);
        turn(turn(turn(record, "system", "Be brief."), "user", "q"), "assistant", "a");
        record.put("split", "test").put("owner", "c001").put("category", "chat");
        turn(record, "user", "a question that nobody answered");
        List<RecordResult> checked = check(record);
        assertEquals(1, checked.size());
        RawSample a = Raw.accepted(checked.get(0));
        assertEquals("Be brief.", a.context());
        assertEquals(Split.TEST, a.split());
        assertEquals("c001", a.owner());
        assertEquals("chat", a.category());
    }

    @Test
    void aRecordWithoutIdIsNamedByItsPlace() throws IOException {
        assertEquals(
                "data.json#1#1",
                Raw.accepted(check(record(null, null, "q", "a")).get(0)).id());
        ObjectNode number = record(null, null, "q", "a").put("id", 12);
        assertEquals("12#1", Raw.accepted(check(number).get(0)).id());
    }

    @Test
    void badTurnsAreCountedOneByOne() throws IOException {
        List<RecordResult> checked = check(record("7", null, "q", "a", "<image>", "b", "c", " "));
        Raw.rejected(RejectReason.BAD_CONVERSATION, checked.get(0)); // a mark without picture spoils all
        checked = check(record("7", "img/a.png", "q", "a", "<image>", "b", "c", " "));
        Raw.accepted(checked.get(0));
        assertEquals(
                "7#2", Raw.rejected(RejectReason.EMPTY_QUESTION, checked.get(1)).id());
        assertEquals(
                "7#3", Raw.rejected(RejectReason.EMPTY_ANSWER, checked.get(2)).id());
        checked = check(record("7", "img/none.png", "<image>q", "a", "r", "b"));
        assertEquals(2, checked.size());
        Raw.rejected(RejectReason.MISSING_IMAGE, checked.get(0));
        assertEquals(
                "7#2", Raw.rejected(RejectReason.MISSING_IMAGE, checked.get(1)).id());
    }

    @Test
    void whatIsNoConversationIsRejectedOnce() throws IOException {
        ObjectNode twice = turn(turn(record("1", null, "q", "a"), "gpt", "b"), "human", "c");
        ObjectNode gptFirst = turn(turn(record("2", null), "gpt", "b"), "human", "c");
        ObjectNode stranger = turn(record("3", null), "dog", "wuff");
        ObjectNode unanswered = record("4", null, "q");
        ObjectNode none = new ObjectMapper().createObjectNode().put("id", "5");
        ObjectNode texts = record("6", null);
        texts.withArray("conversations").add("hello");
        List<RecordResult> checked = check(twice, gptFirst, stranger, unanswered, none, texts);
        assertEquals(6, checked.size());
        for (int i = 0; i < 6; i++) {
            assertEquals(
                    Integer.toString(i + 1),
                    Raw.rejected(RejectReason.BAD_CONVERSATION, checked.get(i)).id());
        }
        Raw.rejected(
                RejectReason.UNSAFE_PATH,
                check(record("1", "../a.png", "q", "a")).get(0));
        Raw.rejected(
                RejectReason.UNSAFE_PATH,
                check(record("1", "/etc/passwd", "q", "a")).get(0));
        Raw.rejected(
                RejectReason.BROKEN_RECORD,
                check(record("1", null, "q", "a").put("image", 5)).get(0));
    }

    @Test
    void contextsThatGrowWithoutEndAreRefused() throws IOException {
        String[] turns = new String[400];
        java.util.Arrays.fill(turns, "x".repeat(100));
        check(record("1", null, turns));
        RecordResult checked = read("prepare.max_record_bytes=100000").get(0);
        assertTrue(Raw.rejected(RejectReason.RECORD_TOO_LARGE, checked).detail().contains("cut the conversation"));
    }

    @Test
    void linesAndSeveralFilesAreReadInTheOrderOfTheirNames() throws IOException {
        Files.writeString(
                temp.resolve("b.jsonl"),
                record("1", null, "q", "second") + "\n\n" + "{\"id\": \n" + record("3", null, "q", "a"));
        Files.writeString(temp.resolve("a.json"), "[" + record("1", null, "q", "first") + "]");
        Files.writeString(temp.resolve("_hidden.json"), "no json");
        List<RecordResult> checked = read();
        assertEquals(4, checked.size());
        assertEquals(
                "b.jsonl#3",
                Raw.rejected(RejectReason.BROKEN_RECORD, checked.get(2)).source());
        assertEquals("b.jsonl#4", Raw.accepted(checked.get(3)).source());
        assertEquals(1, read("prepare.files=[a.json]").size());
        for (String files : List.of("prepare.files=[none.json]", "prepare.files=[../a.json]")) {
            assertEquals(
                    ExitStatus.BAD_INPUT,
                    assertThrows(JobException.class, () -> read(files)).status());
        }
        assertEquals(
                ExitStatus.USAGE,
                assertThrows(JobException.class, () -> read("prepare.files=[a.csv]"))
                        .status());
    }

    @Test
    void aFolderWithoutRecordsIsBadInput() throws IOException {
        JobException none = assertThrows(JobException.class, this::read);
        assertTrue(none.getMessage().contains("prepare.files"), none.getMessage());
        Files.writeString(temp.resolve("a.json"), "[]");
        JobException empty = assertThrows(JobException.class, this::read);
        assertTrue(empty.getMessage().contains("at least one record"), empty.getMessage());
        for (String text : List.of("{}", "[{}", "[1] 2", "", "[{\"a\": 'b'}]")) {
            Files.writeString(temp.resolve("a.json"), text);
            JobException e = assertThrows(JobException.class, this::read, text);
            assertEquals(ExitStatus.BAD_INPUT, e.status());
            assertTrue(e.getMessage().contains("a.json"), e.getMessage());
        }
    }
}
