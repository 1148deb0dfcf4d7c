package org.fednano.prep.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.RawMedium;
import org.fednano.prep.source.RawRecord;
import org.fednano.prep.source.RecordRejected;
import org.fednano.prep.source.RejectReason;
import org.fednano.sample.Medium;
import org.fednano.sample.Split;

/**
 * The layout of ScienceQA's release (Lu et al., NeurIPS 2022): an index, and {@code SPLIT/ID/image.png} for the problems
 * that name an image; the others are text only. The hint is context; the solution, which tells the answer, is not read.
 *
 * @param lecture whether the lecture is context too
 */
record ScienceQaFormat(RecordFields fields, boolean lecture) implements ReleaseFormat {

    @Override
    public RawSample sample(RawRecord raw, MediaFiles media) throws RecordRejected, IOException {
        JsonNode record = raw.read();
        RecordFields.folderName(raw.id());
        Split split = RecordFields.split(raw);
        String question = RecordFields.question(RecordFields.text(record, "question", ""));
        List<String> choices = RecordFields.choices(record.path("choices"));
        int index = RecordFields.answerIndex(record.path("answer"), choices.size());
        String owner = fields.owner(record.path("owner"));
        String image = RecordFields.text(record, "image", "").strip();
        if (image.indexOf('/') >= 0) {
            throw new RecordRejected(
                    RejectReason.UNSAFE_PATH, "the picture lies in the problem's folder: found '" + image + "'");
        }
        List<RawMedium> images = image.isEmpty()
                ? List.of()
                : List.of(media.file(Medium.IMAGE, split.text() + "/" + raw.id() + "/" + image));
        return new RawSample(
                raw.id(),
                split,
                owner,
                question,
                context(record),
                choices,
                choices.get(index),
                index,
                RecordFields.word(record.path("task"), "task"),
                RecordFields.word(record.path("topic"), "topic"),
                fields.column(record),
                images,
                raw.source());
    }

    private String context(JsonNode record) throws RecordRejected {
        String hint = RecordFields.text(record, "hint", "").strip();
        String more = lecture ? RecordFields.text(record, "lecture", "").strip() : "";
        return Stream.of(hint, more).filter(s -> !s.isEmpty()).collect(Collectors.joining("\n"));
    }
}
