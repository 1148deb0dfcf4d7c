package org.fednano.prep.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.RawMedium;
import org.fednano.prep.source.RawRecord;
import org.fednano.prep.source.RecordRejected;
import org.fednano.prep.source.RejectReason;
import org.fednano.rows.Values;
import org.fednano.sample.Medium;
import org.fednano.sample.Split;

/** The layout of IconQA's release (Lu et al., NeurIPS 2021): {@code iconqa/SPLIT/TYPE/ID/image.png} and an index. */
record IconQaFormat(RecordFields fields) implements ReleaseFormat {

    private static final String PICTURES = "choose_img";
    private static final Set<String> TYPES = Set.of("choose_txt", "fill_in_blank", PICTURES);

    /** Image choices are called A to Z. */
    private static final int MOST_LABELS = 26;

    @Override
    public RawSample sample(RawRecord raw, MediaFiles media) throws RecordRejected, IOException {
        JsonNode record = raw.read();
        RecordFields.folderName(raw.id());
        String task = RecordFields.text(record, "ques_type", "").strip();
        if (!TYPES.contains(task)) {
            throw new RecordRejected(
                    RejectReason.UNKNOWN_TYPE,
                    "ques_type must be choose_txt, choose_img or fill_in_blank: found '" + task + "'");
        }
        Split split = RecordFields.split(raw);
        String question = RecordFields.question(RecordFields.text(record, "question", ""));
        boolean choose = !task.equals("fill_in_blank");
        List<String> given = choose ? RecordFields.choices(record.path("choices")) : List.of();
        int index = choose ? RecordFields.answerIndex(record.path("answer"), given.size()) : -1;
        String folder = "iconqa/" + split.text() + "/" + task + "/" + raw.id();
        List<String> files = new ArrayList<>(List.of("image.png"));
        List<String> choices = given;
        if (task.equals(PICTURES)) {
            choices = labels(given);
            question = question + " " + legend(choices);
            files.addAll(given);
        }
        String answer = choose ? choices.get(index) : RecordFields.freeAnswer(record.path("answer"));
        String owner = fields.owner(record.path("owner"));
        String skill = RecordFields.word(record.path("skill"), "skill");
        String category =
                Values.isNone(record.path("skill")) ? RecordFields.word(record.path("label"), "label") : skill;
        List<RawMedium> images = new ArrayList<>();
        for (String file : files) {
            images.add(media.file(Medium.IMAGE, folder + "/" + file));
        }
        return new RawSample(
                raw.id(),
                split,
                owner,
                question,
                "",
                choices,
                answer,
                index,
                task,
                category,
                fields.column(record),
                images,
                folder);
    }

    private static List<String> labels(List<String> files) throws RecordRejected {
        for (String file : files) {
            if (file.indexOf('/') >= 0) {
                throw new RecordRejected(
                        RejectReason.UNSAFE_PATH,
                        "a choice's picture lies in the problem's folder: found '" + file + "'");
            }
        }
        if (files.size() > MOST_LABELS) {
            throw new RecordRejected(
                    RejectReason.BAD_CHOICES,
                    "at most " + MOST_LABELS + " pictures to choose from: found " + files.size());
        }
        List<String> labels = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            labels.add(String.valueOf((char) ('A' + i)));
        }
        return labels;
    }

    /** Which image is which choice: the question's own comes first. */
    private static String legend(List<String> labels) {
        int n = labels.size();
        String join = n == 2 ? " and " : " to ";
        return "Pictures 2" + join + (n + 1) + " are the choices A" + join + labels.get(n - 1) + ".";
    }
}
