package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.fednano.prep.format.RawSample;
import org.fednano.prep.format.RecordResult;
import org.fednano.prep.format.Reject;
import org.fednano.prep.source.RejectReason;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IconQaTest {

    private static final byte[] PNG = RawFolder.png(6, 4);

    @TempDir
    private Path temp;

    private RawFolder raw;
    private int folders;
    private final Set<RejectReason> seen = EnumSet.noneOf(RejectReason.class);

    @BeforeEach
    void empty() {
        raw = new RawFolder(temp.resolve("raw" + folders++));
    }

    private List<RecordResult> check() throws IOException {
        raw.write();
        return Raw.check(raw.folder(), "prepare.max_image_pixels=100");
    }

    private void rejected(RejectReason reason, Consumer<ObjectNode> change) throws IOException {
        rejected(reason, change, PNG);
    }

    private void rejected(RejectReason reason, Consumer<ObjectNode> change, byte[] picture) throws IOException {
        empty();
        ObjectNode record = RawFolder.fillRecord("c001", "train", "7");
        change.accept(record);
        raw.record("1", record, picture);
        assertRejected(reason, check().get(0));
    }

    private void assertRejected(RejectReason reason, RecordResult checked) {
        Reject reject = Raw.rejected(reason, checked);
        assertTrue(reject.source().startsWith("problems.json#"));
        seen.add(reason);
    }

    @Test
    void soundRecordsPass() throws IOException {
        raw.fill("1", "c001", "train", " 7,364 ").choose("2", "c002", "balanced", List.of("odd", "even"), 1);
        List<RecordResult> checked = check();
        RawSample fill = Raw.accepted(checked.get(0));
        assertEquals("7,364", fill.answer());
        assertEquals(-1, fill.answerIndex());
        assertEquals("A1", fill.category());
        assertEquals("iconqa/train/fill_in_blank/1", fill.source());
        RawSample choose = Raw.accepted(checked.get(1));
        assertEquals("even", choose.answer());
        assertEquals(1, choose.answerIndex());
        assertEquals(Split.BALANCED, choose.split());
        assertEquals("c002", choose.owner());
    }

    @Test
    void theSkillIsTheCategoryWhereThereIsOne() throws IOException {
        raw.record("1", RawFolder.fillRecord("c001", "train", "7").put("skill", "count"), PNG);
        assertEquals("count", Raw.accepted(check().get(0)).category());
    }

    @Test
    void numbersMayBeWrittenInAnyWay() throws IOException {
        for (String index : List.of("1", "1.0", "1e0", "10E-1")) {
            empty();
            ObjectNode record =
                    choices(RawFolder.fillRecord("c001", "train", "7").put("skill", 5), "a", "b");
            record.remove("answer");
            raw.picture("train", "choose_txt", "1", PNG)
                    .raw("1", record.toString().replaceFirst("\\{", "{\"answer\":" + index + ","));
            RawSample a = Raw.accepted(check().get(0));
            assertEquals("b", a.answer());
            assertEquals("5", a.category());
        }
        rejected(RejectReason.ANSWER_OUTSIDE_CHOICES, r -> choices(r, "a", "b").put("answer", 0.5));
    }

    @Test
    void theSplitListCountsWhereTheRecordHasNoSplit() throws IOException {
        ObjectNode record = RawFolder.fillRecord("c001", "val", "7");
        raw.picture("val", "fill_in_blank", "1", PNG)
                .raw("1", record.without("split").toString())
                .list("val", "1");
        assertEquals(Split.VAL, Raw.accepted(check().get(0)).split());
    }

    @Test
    void everyReasonIsFound() throws IOException {
        rejected(RejectReason.ANSWER_OUTSIDE_CHOICES, r -> choices(r, "a", "b").put("answer", 2));
        rejected(RejectReason.ANSWER_OUTSIDE_CHOICES, r -> choices(r, "a", "b").put("answer", -1));
        rejected(RejectReason.ANSWER_OUTSIDE_CHOICES, r -> choices(r, "a", "b").put("answer", "a"));
        rejected(RejectReason.ANSWER_OUTSIDE_CHOICES, r -> choices(r, "a", "b").put("answer", 4294967296L));
        rejected(RejectReason.BAD_CHOICES, r -> choices(r, "only one").put("answer", 0));
        rejected(RejectReason.BAD_CHOICES, r -> choices(r, "a", " ").put("answer", 0));
        rejected(RejectReason.BAD_CHOICES, r -> r.put("ques_type", "choose_txt").put("choices", "a, b"));
        rejected(RejectReason.BAD_OWNER, r -> r.remove("owner"));
        rejected(RejectReason.BAD_OWNER, r -> r.put("owner", "../c002"));
        rejected(RejectReason.BAD_OWNER, r -> r.put("owner", ""));
        rejected(RejectReason.BROKEN_RECORD, r -> r.put("question", 12));
        rejected(RejectReason.EMPTY_ANSWER, r -> r.put("answer", "  "));
        rejected(RejectReason.EMPTY_ANSWER, r -> r.putNull("answer"));
        rejected(RejectReason.EMPTY_ANSWER, r -> choices(r, "a", "b").remove("answer"));
        rejected(RejectReason.EMPTY_QUESTION, r -> r.put("question", " \n"));
        rejected(RejectReason.EMPTY_QUESTION, r -> r.remove("question"));
        rejected(RejectReason.IMAGE_TOO_LARGE, r -> {}, RawFolder.png(11, 10));
        rejected(RejectReason.IMAGE_TOO_LARGE, r -> {}, new byte[10_000]);
        rejected(RejectReason.MISSING_IMAGE, r -> {}, null);
        rejected(RejectReason.UNDECODABLE_IMAGE, r -> {}, new byte[0]);
        rejected(
                RejectReason.UNDECODABLE_IMAGE,
                r -> {},
                "not a picture".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        rejected(RejectReason.UNDECODABLE_IMAGE, r -> {}, Arrays.copyOf(PNG, PNG.length / 2));
        rejected(RejectReason.UNKNOWN_SPLIT, r -> r.put("split", "dev"));
        rejected(RejectReason.UNKNOWN_SPLIT, r -> r.remove("split"));
        rejected(RejectReason.UNKNOWN_TYPE, r -> r.put("ques_type", "essay"));
        rejected(RejectReason.UNKNOWN_TYPE, r -> r.remove("ques_type"));

        for (String id : List.of("..", ".", "", "a/b", "../../etc", "/etc")) {
            empty();
            raw.raw(id, RawFolder.fillRecord("c001", "train", "7").toString());
            assertRejected(RejectReason.UNSAFE_PATH, check().get(0));
        }
        for (String json : List.of("17", "null", "[]", "\"text\"")) {
            empty();
            raw.raw("1", json);
            assertRejected(RejectReason.BROKEN_RECORD, check().get(0));
        }
        empty();
        raw.fill("1", "c001", "train", "7").list("train", "1", "2");
        assertRejected(RejectReason.MISSING_RECORD, check().get(1));

        empty();
        raw.fill("1", "c001", "train", "7").list("test", "1");
        assertRejected(RejectReason.SPLIT_CONFLICT, check().get(0));
        empty();
        raw.fill("1", "c001", "train", "7").list("test", "1").list("train", "1");
        assertRejected(RejectReason.SPLIT_CONFLICT, check().get(0));

        assertEquals(
                EnumSet.complementOf(EnumSet.of(
                        RejectReason.BAD_CONVERSATION,
                        RejectReason.BROKEN_ENCODING,
                        RejectReason.DUPLICATE_ID,
                        RejectReason.MEDIUM_TOO_LARGE,
                        RejectReason.MISSING_MEDIUM,
                        RejectReason.RECORD_TOO_LARGE,
                        RejectReason.UNSUPPORTED_MEDIUM)),
                seen);
    }

    @Test
    void picturesToChooseFromAreChoices() throws IOException {
        choose("9", "b.png", "a.png", "c.png");
        raw.picture("train", "choose_img", "9", "image.png", RawFolder.png(2, 2));
        for (String name : List.of("b.png", "a.png", "c.png")) {
            raw.picture("train", "choose_img", "9", name, RawFolder.png(3, 3));
        }
        RawSample a = Raw.accepted(check().get(0));
        assertEquals("How many? Pictures 2 to 4 are the choices A to C.", a.question());
        assertEquals(List.of("A", "B", "C"), a.choices());
        assertEquals("B", a.answer());
        assertEquals(1, a.answerIndex());
        assertEquals("choose_img", a.task());
        assertEquals("iconqa/train/choose_img/9", a.source());
        assertEquals(
                List.of("image.png", "b.png", "a.png", "c.png"),
                a.media().stream()
                        .map(m -> m.path().substring(a.source().length() + 1))
                        .toList());
    }

    @Test
    void twoPicturesToChooseFromAreNamedOneByOne() throws IOException {
        choose("9", "a.png", "b.png");
        for (String name : List.of("image.png", "a.png", "b.png")) {
            raw.picture("train", "choose_img", "9", name, PNG);
        }
        assertEquals(
                "How many? Pictures 2 and 3 are the choices A and B.",
                Raw.accepted(check().get(0)).question());
    }

    @Test
    void everyPictureToChooseFromMustBeSound() throws IOException {
        choose("9", "a.png", "b.png");
        raw.picture("train", "choose_img", "9", "image.png", PNG).picture("train", "choose_img", "9", "a.png", PNG);
        assertTrue(Raw.rejected(RejectReason.MISSING_IMAGE, check().get(0))
                .detail()
                .contains("b.png"));
        empty();
        choose("9", "../../../secret.png", "b.png");
        raw.picture("train", "choose_img", "9", "image.png", PNG);
        assertRejected(RejectReason.UNSAFE_PATH, check().get(0));
        empty();
        choose("9", Collections.nCopies(27, "a.png").toArray(String[]::new));
        assertRejected(RejectReason.BAD_CHOICES, check().get(0));
    }

    private void choose(String id, String... pictures) {
        ObjectNode record = choices(RawFolder.fillRecord("c001", "train", ""), pictures)
                .put("ques_type", "choose_img")
                .put("answer", 1);
        raw.record(id, record, null);
    }

    @Test
    void harmlessNamesAreRead() throws IOException {
        List<String> ids = List.of(
                "a b", "it's \\\"so\\\"", "a\\nb", "Zürich", "問題-7", "50%", "a:b", "#1?", "c\\\\d", "x".repeat(200));
        for (String id : ids) {
            String plain = new com.fasterxml.jackson.databind.ObjectMapper().readValue("\"" + id + "\"", String.class);
            raw.raw(id, RawFolder.fillRecord("c001", "train", "7").toString())
                    .picture("train", "fill_in_blank", plain, PNG);
        }
        List<RecordResult> checked = check();
        for (int i = 0; i < ids.size(); i++) {
            Raw.accepted(checked.get(i));
        }
        assertEquals("Zürich", Raw.accepted(checked.get(3)).id());
        assertEquals(
                "iconqa/train/fill_in_blank/a:b", Raw.accepted(checked.get(6)).source());
    }

    @Test
    void aHugePictureIsRefusedByItsHeaderAlone() throws IOException {
        byte[] bomb = PNG.clone();
        java.nio.ByteBuffer.wrap(bomb).putInt(16, 60_000).putInt(20, 60_000); // width and height in IHDR
        java.util.zip.CRC32 crc = new java.util.zip.CRC32();
        crc.update(bomb, 12, 17);
        java.nio.ByteBuffer.wrap(bomb).putInt(29, (int) crc.getValue());
        rejected(RejectReason.IMAGE_TOO_LARGE, r -> {}, bomb);
    }

    @Test
    void anIndexThatIsNoIndexIsBadInput() throws IOException {
        badIndex("nowhere", "layout");
        for (String text : List.of("", "[1]", "{\"1\": {\"question\": \"x\"", "{}")) {
            Files.createDirectories(raw.folder());
            Files.writeString(raw.folder().resolve("problems.json"), text);
            badIndex("text '" + text + "'", "problems.json");
        }
    }

    private void badIndex(String what, String expected) {
        JobException e = assertThrows(JobException.class, () -> Raw.index(Raw.settings(raw.folder())), what);
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains(expected), e.getMessage());
        assertTrue(e.getMessage().contains(raw.folder().toString()), e.getMessage());
    }

    private static ObjectNode choices(ObjectNode record, String... choices) {
        record.put("ques_type", "choose_txt");
        record.putArray("choices");
        for (String choice : choices) {
            record.withArray("choices").add(choice);
        }
        return record;
    }
}
