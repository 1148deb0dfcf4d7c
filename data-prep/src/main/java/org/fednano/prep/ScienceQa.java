package org.fednano.prep;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.fednano.prep.Reject.Reason;
import org.fednano.sample.Medium;
import org.fednano.sample.Split;

/**
 * The layout of ScienceQA's release (Lu et al., NeurIPS 2022): an index, and {@code SPLIT/ID/image.png} for the problems
 * that name a picture; the others are text only. The hint is context; the solution, which tells the answer, is not read.
 *
 * @param lecture whether the lecture is context too
 */
record ScienceQa(RecordFields fields, boolean lecture) implements JsonFormat {

    @Override
    public RawIndex index(IndexFiles files) throws IOException {
        return new JsonIndex(files).problems();
    }

    @Override
    public Accepted sample(JsonNode record, RawSpan span, MediaFiles media) throws Bad, IOException {
        RecordFields.folderName(span.id());
        Split split = RecordFields.split(record, span);
        String question = RecordFields.question(RecordFields.text(record, "question", ""));
        List<String> choices = RecordFields.choices(record.path("choices"));
        int index = RecordFields.answerIndex(record.path("answer"), choices.size());
        String owner = fields.owner(record.path("owner"));
        String image = RecordFields.text(record, "image", "").strip();
        if (image.indexOf('/') >= 0) {
            throw new Bad(Reason.UNSAFE_PATH, "the picture lies in the problem's folder: found '" + image + "'");
        }
        List<RawMedium> pictures = image.isEmpty()
                ? List.of()
                : List.of(media.file(Medium.IMAGE, split.text() + "/" + span.id() + "/" + image));
        return new Accepted(
                span.id(),
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
                pictures,
                span.source());
    }

    private String context(JsonNode record) throws Bad {
        String hint = RecordFields.text(record, "hint", "").strip();
        String more = lecture ? RecordFields.text(record, "lecture", "").strip() : "";
        return Stream.of(hint, more).filter(s -> !s.isEmpty()).collect(Collectors.joining("\n"));
    }
}
