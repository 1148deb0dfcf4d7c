package org.fednano.prep.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.fednano.prep.source.IndexFiles;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.RawIndex;
import org.fednano.prep.source.RawMedium;
import org.fednano.prep.source.RawRecord;
import org.fednano.prep.source.RecordFiles;
import org.fednano.prep.source.RecordRejected;
import org.fednano.prep.source.RejectReason;
import org.fednano.rows.MediumValue;
import org.fednano.sample.Medium;
import org.fednano.sample.Split;

/**
 * Conversations as LLaVA's training data have them: {@code {"id", "image", "conversations": [{"from", "value"}, …]}} in
 * JSON arrays or JSON Lines. Each answer of the assistant is a sample {@code ID#1}, {@code ID#2}, …, whose context holds
 * the turns before its question and whose images are those shown until then.
 *
 * @param named index files; empty: all in the folder
 * @param maxContext characters that the contexts of one conversation may have in all, since each holds those before
 */
record LlavaFormat(RecordFields fields, List<String> named, long maxContext) implements RawFormat {

    private static final String MARK = "<image>";

    @Override
    public RawIndex index(IndexFiles files) throws IOException {
        return RecordFiles.index(files, named, List.of(".json", ".jsonl"));
    }

    @Override
    public void check(RawRecord record, MediaFiles media, Consumer<RecordResult> results) throws IOException {
        String id = record.id();
        try {
            String own = RecordFields.word(record.read().path("id"), "id");
            RecordFields.name(own);
            id = own.isEmpty() ? id : own;
            samples(id, record, media, results);
        } catch (RecordRejected rejected) {
            results.accept(Reject.of(id, rejected, record));
        }
    }

    private void samples(String id, RawRecord raw, MediaFiles media, Consumer<RecordResult> results)
            throws RecordRejected, IOException {
        JsonNode record = raw.read();
        OtherMedia.refuseFields(record);
        Conversation conversation = Conversation.of(record.path("conversations"), MARK, maxContext);
        List<MediumValue> images = images(record);
        int marks = conversation.marks();
        if (marks > 0 && marks != images.size()) {
            throw new RecordRejected(
                    RejectReason.BAD_CONVERSATION,
                    "each " + MARK + " in the turns stands for one picture: found " + marks + " of them and "
                            + images.size() + " pictures");
        }
        Split split = fields.splitOr(RecordFields.text(record, "split", "").strip());
        String owner = fields.owner(record.path("owner"));
        String category = RecordFields.word(record.path("category"), "category");
        String column = fields.column(record);
        List<RawMedium> shown = new ArrayList<>();
        for (int turn = 0; turn < conversation.answers().size(); turn++) {
            Conversation.Answer a = conversation.answers().get(turn);
            String name = id + "#" + (turn + 1);
            try {
                int until = marks == 0 ? images.size() : a.marks();
                while (shown.size() < until) { // an image that is bad is so for every turn that sees it
                    shown.add(media.medium(Medium.IMAGE, images.get(shown.size())));
                }
                results.accept(new RawSample(
                        name,
                        split,
                        owner,
                        RecordFields.question(a.question()),
                        a.context(),
                        List.of(),
                        answer(a),
                        -1,
                        "conversation",
                        category,
                        column,
                        shown,
                        raw.source()));
            } catch (RecordRejected rejected) {
                results.accept(Reject.of(name, rejected, raw));
            }
        }
    }

    private static String answer(Conversation.Answer a) throws RecordRejected {
        if (a.text().isEmpty()) {
            throw new RecordRejected(RejectReason.EMPTY_ANSWER, "the assistant's turn has no text");
        }
        return a.text();
    }

    /** Images of either field; nulls and empty texts are none. */
    private static List<MediumValue> images(JsonNode record) throws RecordRejected {
        List<MediumValue> one = RecordFields.read(() -> MediumValue.of(record.path("image"), "image"));
        List<MediumValue> many = RecordFields.read(() -> MediumValue.of(record.path("images"), "images"));
        if (!one.isEmpty() && !many.isEmpty() && !record.path("image").equals(record.path("images"))) {
            throw new RecordRejected(
                    RejectReason.BAD_CONVERSATION,
                    "pictures may stand in 'image' or in 'images': found " + one.size() + " there and " + many.size()
                            + " others here");
        }
        return one.isEmpty() ? many : one;
    }
}
