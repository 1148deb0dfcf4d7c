package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.fednano.prep.Reject.Reason;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordChecksTest {

    private static final Configuration HADOOP = new Configuration();
    private static final byte[] PNG = RawFolder.png(6, 4);

    @TempDir
    private Path temp;

    private RawFolder raw;
    private int folders;
    private final Set<Reason> seen = EnumSet.noneOf(Reason.class);

    @BeforeEach
    void empty() {
        raw = new RawFolder(temp.resolve("raw" + folders++));
    }

    private List<Checked> check() throws IOException {
        raw.write();
        RecordChecks checks = new RecordChecks(raw.folder().toString(), true, 100);
        List<Checked> all = new java.util.ArrayList<>();
        for (RawRecord r : index().records()) {
            all.add(checks.check(r, HADOOP));
        }
        return all;
    }

    private IconQaRelease.Index index() {
        return IconQaRelease.read(new org.apache.hadoop.fs.Path(raw.folder().toString()), HADOOP);
    }

    private void rejected(Reason reason, Consumer<ObjectNode> change) throws IOException {
        rejected(reason, change, PNG);
    }

    private void rejected(Reason reason, Consumer<ObjectNode> change, byte[] picture) throws IOException {
        empty();
        ObjectNode record = RawFolder.fillRecord("c001", "train", "7");
        change.accept(record);
        raw.record("1", record, picture);
        assertRejected(reason, check().get(0));
    }

    private void assertRejected(Reason reason, Checked checked) {
        assertNotNull(checked.reject(), () -> "expected " + reason + ", was accepted: " + checked.accepted());
        assertEquals(reason, checked.reject().reason(), checked.reject().detail());
        assertTrue(checked.reject().source().startsWith("problems.json#"));
        assertTrue(checked.reject().detail().length() > 10);
        seen.add(reason);
    }

    @Test
    void soundRecordsPass() throws IOException {
        raw.fill("1", "c001", "train", " 7,364 ").choose("2", "c002", "balanced", List.of("odd", "even"), 1);
        List<Checked> checked = check();
        Accepted fill = checked.get(0).accepted();
        assertEquals("7,364", fill.answer());
        assertEquals(-1, fill.answerIndex());
        assertEquals("A1", fill.category());
        assertEquals("iconqa/train/fill_in_blank/1", fill.source());
        Accepted choose = checked.get(1).accepted();
        assertEquals("even", choose.answer());
        assertEquals(1, choose.answerIndex());
        assertEquals(Split.BALANCED, choose.split());
        assertEquals("c002", choose.owner());
    }

    @Test
    void theSkillIsTheCategoryWhereThereIsOne() throws IOException {
        raw.record("1", RawFolder.fillRecord("c001", "train", "7").put("skill", "count"), PNG);
        assertEquals("count", check().get(0).accepted().category());
    }

    @Test
    void theSplitListCountsWhereTheRecordHasNoSplit() throws IOException {
        ObjectNode record = RawFolder.fillRecord("c001", "val", "7");
        raw.picture("val", "fill_in_blank", "1", PNG)
                .raw("1", record.without("split").toString())
                .list("val", "1");
        assertEquals(Split.VAL, check().get(0).accepted().split());
    }

    @Test
    void everyReasonIsFound() throws IOException {
        rejected(Reason.ANSWER_OUTSIDE_CHOICES, r -> choices(r, "a", "b").put("answer", 2));
        rejected(Reason.ANSWER_OUTSIDE_CHOICES, r -> choices(r, "a", "b").put("answer", -1));
        rejected(Reason.ANSWER_OUTSIDE_CHOICES, r -> choices(r, "a", "b").put("answer", "a"));
        rejected(Reason.ANSWER_OUTSIDE_CHOICES, r -> choices(r, "a", "b").put("answer", 4294967296L));
        rejected(Reason.BAD_CHOICES, r -> choices(r, "only one").put("answer", 0));
        rejected(Reason.BAD_CHOICES, r -> choices(r, "a", " ").put("answer", 0));
        rejected(Reason.BAD_CHOICES, r -> r.put("ques_type", "choose_txt").put("choices", "a, b"));
        rejected(Reason.BAD_OWNER, r -> r.remove("owner"));
        rejected(Reason.BAD_OWNER, r -> r.put("owner", "../c002"));
        rejected(Reason.BAD_OWNER, r -> r.put("owner", ""));
        rejected(Reason.BROKEN_RECORD, r -> r.put("question", 12));
        rejected(Reason.EMPTY_ANSWER, r -> r.put("answer", "  "));
        rejected(Reason.EMPTY_ANSWER, r -> r.putNull("answer"));
        rejected(Reason.EMPTY_ANSWER, r -> choices(r, "a", "b").remove("answer"));
        rejected(Reason.EMPTY_QUESTION, r -> r.put("question", " \n"));
        rejected(Reason.EMPTY_QUESTION, r -> r.remove("question"));
        rejected(Reason.IMAGE_TOO_LARGE, r -> {}, RawFolder.png(11, 10));
        rejected(Reason.IMAGE_TOO_LARGE, r -> {}, new byte[10_000]);
        rejected(Reason.MISSING_IMAGE, r -> {}, null);
        rejected(Reason.PICTURE_CHOICES_UNSUPPORTED, r -> r.put("ques_type", "choose_img"));
        rejected(Reason.UNDECODABLE_IMAGE, r -> {}, new byte[0]);
        rejected(Reason.UNDECODABLE_IMAGE, r -> {}, "not a picture".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        rejected(Reason.UNDECODABLE_IMAGE, r -> {}, Arrays.copyOf(PNG, PNG.length / 2));
        rejected(Reason.UNKNOWN_SPLIT, r -> r.put("split", "dev"));
        rejected(Reason.UNKNOWN_SPLIT, r -> r.remove("split"));
        rejected(Reason.UNKNOWN_TYPE, r -> r.put("ques_type", "essay"));
        rejected(Reason.UNKNOWN_TYPE, r -> r.remove("ques_type"));

        for (String id : List.of("..", ".", "", "a/b", "../../etc", "/etc", "a b", "x".repeat(200))) {
            empty();
            raw.raw(id, RawFolder.fillRecord("c001", "train", "7").toString());
            assertRejected(Reason.UNSAFE_PATH, check().get(0));
        }
        for (String json : List.of("17", "null", "[]", "\"text\"")) {
            empty();
            raw.raw("1", json);
            assertRejected(Reason.BROKEN_RECORD, check().get(0));
        }
        empty();
        raw.fill("1", "c001", "train", "7").fill("1", "c001", "train", "8");
        assertEquals("7", check().get(0).accepted().answer());
        assertRejected(Reason.DUPLICATE_ID, check().get(1));

        empty();
        raw.fill("1", "c001", "train", "7").list("train", "1", "2");
        assertRejected(Reason.MISSING_RECORD, check().get(1));

        empty();
        raw.fill("1", "c001", "train", "7").list("test", "1");
        assertRejected(Reason.SPLIT_CONFLICT, check().get(0));
        empty();
        raw.fill("1", "c001", "train", "7").list("test", "1").list("train", "1");
        assertRejected(Reason.SPLIT_CONFLICT, check().get(0));

        assertEquals(EnumSet.allOf(Reason.class), seen);
    }

    @Test
    void aHugePictureIsRefusedByItsHeaderAlone() throws IOException {
        byte[] bomb = PNG.clone();
        java.nio.ByteBuffer.wrap(bomb).putInt(16, 60_000).putInt(20, 60_000); // width and height in IHDR
        java.util.zip.CRC32 crc = new java.util.zip.CRC32();
        crc.update(bomb, 12, 17);
        java.nio.ByteBuffer.wrap(bomb).putInt(29, (int) crc.getValue());
        rejected(Reason.IMAGE_TOO_LARGE, r -> {}, bomb);
    }

    @Test
    void anIndexThatIsNoIndexIsBadInput() throws IOException {
        badIndex("nowhere", "release layout");
        for (String text : List.of("", "[1]", "{\"1\": {\"question\": \"x\"", "{}")) {
            Files.createDirectories(raw.folder());
            Files.writeString(raw.folder().resolve("problems.json"), text);
            badIndex("text '" + text + "'", "problems.json");
        }
    }

    private void badIndex(String what, String expected) {
        JobException e = assertThrows(JobException.class, this::index, what);
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
