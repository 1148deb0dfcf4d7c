package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.fednano.prep.format.RawSample;
import org.fednano.prep.format.RecordResult;
import org.fednano.prep.source.RawMedium;
import org.fednano.prep.source.RejectReason;
import org.fednano.sample.Split;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScienceQaTest {

    private static final String[] SETS = {"prepare.format=scienceqa", "prepare.split=iid"};

    @TempDir
    private Path temp;

    private static ObjectNode record() {
        ObjectNode record = new ObjectMapper()
                .createObjectNode()
                .put("question", "Which is longer?")
                .put("answer", 1)
                .put("hint", " Look closely. ")
                .putNull("image")
                .put("task", "closed choice")
                .put("grade", "grade2")
                .put("subject", "natural science")
                .put("topic", "units")
                .put("category", "Length")
                .put("skill", "Compare")
                .put("lecture", "Lengths can be compared.")
                .put("solution", "The answer is B.")
                .put("split", "val");
        record.putArray("choices").add("a foot").add("a mile");
        return record;
    }

    private RecordResult check(ObjectNode record, String... sets) throws IOException {
        new RawFolder(temp)
                .raw("5", record.toString())
                .list("val", "5")
                .list("minival", "5")
                .write();
        String[] all = new String[SETS.length + sets.length];
        System.arraycopy(SETS, 0, all, 0, SETS.length);
        System.arraycopy(sets, 0, all, SETS.length, sets.length);
        return Raw.check(temp, all).get(0);
    }

    @Test
    void aProblemWithoutPictureIsTextOnly() throws IOException {
        RawSample a = Raw.accepted(check(record()));
        assertEquals("Which is longer?", a.question());
        assertEquals("Look closely.", a.context());
        assertEquals(List.of("a foot", "a mile"), a.choices());
        assertEquals("a mile", a.answer());
        assertEquals(1, a.answerIndex());
        assertEquals("closed choice", a.task());
        assertEquals("units", a.category());
        assertEquals(Split.VAL, a.split());
        assertEquals(List.of(), a.media());
        assertEquals("problems.json#5", a.source());
    }

    @Test
    void theLectureIsContextWhereAskedFor() throws IOException {
        assertEquals(
                "Look closely.\nLengths can be compared.",
                Raw.accepted(check(record(), "prepare.lecture=on")).context());
        assertEquals(
                "Lengths can be compared.",
                Raw.accepted(check(record().put("hint", ""), "prepare.lecture=on"))
                        .context());
    }

    @Test
    void aNamedPictureIsReadOrMissing() throws IOException {
        ObjectNode record = record().put("image", "image.png");
        assertTrue(
                Raw.rejected(RejectReason.MISSING_IMAGE, check(record)).detail().contains("val/5/image.png"));
        Files.createDirectories(temp.resolve("val/5"));
        Files.write(temp.resolve("val/5/image.png"), RawFolder.png(3, 3));
        assertEquals(
                List.of(RawMedium.file("image", "val/5/image.png")),
                Raw.accepted(check(record)).media());
    }

    @Test
    void picturesMayLieInAFolderOfTheirOwn(@TempDir Path pictures) throws IOException {
        Files.createDirectories(pictures.resolve("val/5"));
        Files.write(pictures.resolve("val/5/image.png"), RawFolder.png(3, 3));
        Raw.accepted(check(record().put("image", "image.png"), "prepare.media_root=" + pictures));
    }

    @Test
    void badFieldsHaveTheirReasons() throws IOException {
        rejected(RejectReason.EMPTY_QUESTION, r -> r.put("question", ""));
        rejected(RejectReason.ANSWER_OUTSIDE_CHOICES, r -> r.put("answer", 2));
        rejected(RejectReason.EMPTY_ANSWER, r -> r.remove("answer"));
        rejected(RejectReason.BAD_CHOICES, r -> r.remove("choices"));
        rejected(RejectReason.BROKEN_RECORD, r -> r.put("hint", 5));
        rejected(RejectReason.SPLIT_CONFLICT, r -> r.put("split", "test"));
        rejected(RejectReason.UNSAFE_PATH, r -> r.put("image", "../6/image.png"));
    }

    private void rejected(RejectReason reason, Consumer<ObjectNode> change) throws IOException {
        ObjectNode record = record();
        change.accept(record);
        Raw.rejected(reason, check(record));
    }
}
