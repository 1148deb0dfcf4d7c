package org.fednano.prep;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.prep.Reject.Reason;
import org.fednano.sample.Split;
import org.fednano.udf.Images;

/** Every check that a record of IconQA's layout must pass, picture included. Runs on executors. */
final class RecordChecks implements Serializable {

    private static final long serialVersionUID = 1L;

    /** A name that can be one folder of a path: it never leaves where it is put, on any file system. */
    private static final Pattern SAFE_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    /** A picture's file may take this many bytes per allowed pixel; even uncompressed RGBA takes four. */
    private static final int FILE_BYTES_PER_PIXEL = 8;

    private static final int MAX_RECORD_TEXT = 4096;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String folder;
    private final boolean needsOwner;
    private final long maxPixels;

    /**
     * @param folder the raw data set, URI
     * @param needsOwner whether each record must name its client
     * @param maxPixels width × height at most
     */
    RecordChecks(String folder, boolean needsOwner, long maxPixels) {
        this.folder = folder;
        this.needsOwner = needsOwner;
        this.maxPixels = maxPixels;
    }

    /** Ends a check early. */
    private static final class Bad extends Exception {
        private static final long serialVersionUID = 1L;
        private final Reason reason;

        Bad(Reason reason, String detail) {
            super(detail, null, false, false);
            this.reason = reason;
        }
    }

    /** Accepts or rejects one record; an unreadable file system is neither and throws. */
    Checked check(RawRecord raw, Configuration hadoop) throws IOException {
        try {
            Accepted accepted = fields(raw);
            image(accepted, hadoop);
            return Checked.of(accepted);
        } catch (Bad bad) {
            String text = raw.json();
            return Checked.of(new Reject(
                    raw.id(),
                    bad.reason,
                    bad.getMessage(),
                    IconQaRelease.PROBLEMS + "#" + raw.id(),
                    text == null ? null : text.substring(0, Math.min(text.length(), MAX_RECORD_TEXT))));
        }
    }

    private Accepted fields(RawRecord raw) throws Bad {
        if (raw.json() == null) {
            throw new Bad(
                    Reason.MISSING_RECORD,
                    IconQaRelease.SPLITS + " lists it under " + raw.listedSplits() + ", " + IconQaRelease.PROBLEMS
                            + " has no such problem");
        }
        if (raw.repeated()) {
            throw new Bad(Reason.DUPLICATE_ID, "an earlier problem has this id; the first one counts");
        }
        if (!SAFE_NAME.matcher(raw.id()).matches()) {
            throw new Bad(Reason.UNSAFE_PATH, "the id names its folder and must match " + SAFE_NAME.pattern());
        }
        JsonNode record = parse(raw.json());
        String task = text(record, "ques_type", "").strip();
        if (task.equals("choose_img")) {
            throw new Bad(Reason.PICTURE_CHOICES_UNSUPPORTED, "choices that are pictures are not read yet");
        }
        boolean choose = task.equals("choose_txt");
        if (!choose && !task.equals("fill_in_blank")) {
            throw new Bad(Reason.UNKNOWN_TYPE, "ques_type must be choose_txt or fill_in_blank: found '" + task + "'");
        }
        Split split = split(record, raw);
        String question = text(record, "question", "").strip();
        if (question.isEmpty()) {
            throw new Bad(Reason.EMPTY_QUESTION, "the question has no text");
        }
        List<String> choices = choose ? choices(record) : List.of();
        int index = choose ? answerIndex(record, choices) : -1;
        String answer = choose ? choices.get(index) : freeAnswer(record);
        return new Accepted(
                raw.id(),
                split,
                owner(record),
                question,
                choices,
                answer,
                index,
                task,
                text(record, "skill", text(record, "label", "")).strip(),
                "iconqa/" + split.text() + "/" + task + "/" + raw.id() + "/image.png");
    }

    private static JsonNode parse(String json) throws Bad {
        JsonNode record;
        try {
            record = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new Bad(Reason.BROKEN_RECORD, "not JSON: " + e.getOriginalMessage());
        }
        if (!record.isObject()) {
            throw new Bad(Reason.BROKEN_RECORD, "a problem must be a JSON object: found " + record.getNodeType());
        }
        return record;
    }

    private static Split split(JsonNode record, RawRecord raw) throws Bad {
        String own = text(record, "split", "").strip();
        String listed = raw.listedSplits();
        if (listed.contains(",") || !listed.isEmpty() && !own.isEmpty() && !listed.equals(own)) {
            throw new Bad(
                    Reason.SPLIT_CONFLICT,
                    "one split expected: " + IconQaRelease.SPLITS + " says " + listed + ", the problem itself says '"
                            + own + "'");
        }
        String name = listed.isEmpty() ? own : listed;
        return Split.of(name)
                .orElseThrow(() -> new Bad(
                        Reason.UNKNOWN_SPLIT, "split must be train, val, test or balanced: found '" + name + "'"));
    }

    private static List<String> choices(JsonNode record) throws Bad {
        JsonNode node = record.path("choices");
        List<String> choices = new ArrayList<>();
        for (JsonNode choice : node) {
            if (!choice.isValueNode() || choice.asText().isBlank()) {
                throw new Bad(Reason.BAD_CHOICES, "each choice must be a text: found " + choice);
            }
            choices.add(choice.asText().strip());
        }
        if (!node.isArray() || choices.size() < 2) {
            throw new Bad(Reason.BAD_CHOICES, "choose_txt needs a list of two or more choices: found " + node);
        }
        return choices;
    }

    private static int answerIndex(JsonNode record, List<String> choices) throws Bad {
        JsonNode answer = record.path("answer");
        if (answer.isMissingNode() || answer.isNull()) {
            throw new Bad(Reason.EMPTY_ANSWER, "choose_txt needs the index of its right choice: found none");
        }
        if (!answer.isInt() || answer.asInt() < 0 || answer.asInt() >= choices.size()) {
            throw new Bad(
                    Reason.ANSWER_OUTSIDE_CHOICES,
                    "the answer must be an index from 0 to " + (choices.size() - 1) + ": found " + answer);
        }
        return answer.asInt();
    }

    private static String freeAnswer(JsonNode record) throws Bad {
        JsonNode answer = record.path("answer");
        if (!answer.isValueNode() || answer.isNull() || answer.asText().isBlank()) {
            throw new Bad(Reason.EMPTY_ANSWER, "fill_in_blank needs its answer's text: found " + answer);
        }
        return answer.asText().strip();
    }

    private String owner(JsonNode record) throws Bad {
        String owner = text(record, "owner", null);
        if (needsOwner && (owner == null || !SAFE_NAME.matcher(owner).matches())) {
            throw new Bad(
                    Reason.BAD_OWNER,
                    "prepare.split = owner needs an owner that matches " + SAFE_NAME.pattern() + ": found "
                            + record.path("owner"));
        }
        return owner;
    }

    private static String text(JsonNode record, String field, String missing) throws Bad {
        JsonNode node = record.path(field);
        if (node.isMissingNode() || node.isNull()) {
            return missing;
        }
        if (!node.isTextual()) {
            throw new Bad(Reason.BROKEN_RECORD, "'" + field + "' must be a text: found " + node.getNodeType());
        }
        return node.asText();
    }

    private void image(Accepted accepted, Configuration hadoop) throws Bad, IOException {
        byte[] file;
        try {
            file = read(accepted.image(), hadoop);
        } catch (FileNotFoundException e) {
            throw new Bad(Reason.MISSING_IMAGE, "no file at " + accepted.image());
        }
        Optional<Images.Info> info = Images.info(file);
        if (info.isPresent() && info.get().pixels() > maxPixels) {
            throw new Bad(
                    Reason.IMAGE_TOO_LARGE,
                    "at most prepare.max_image_pixels = " + maxPixels + " pixels: found "
                            + info.get().width() + " x " + info.get().height());
        }
        if (info.isEmpty() || !Images.decodes(file)) {
            throw new Bad(
                    Reason.UNDECODABLE_IMAGE, accepted.image() + " (" + file.length + " bytes) is no whole picture");
        }
    }

    private byte[] read(String image, Configuration hadoop) throws Bad, IOException {
        Path path = new Path(folder, image);
        FileSystem files = path.getFileSystem(hadoop);
        FileStatus status = files.getFileStatus(path);
        if (!status.isFile()) {
            throw new FileNotFoundException(image);
        }
        if (status.getLen() / FILE_BYTES_PER_PIXEL > maxPixels) {
            throw new Bad(
                    Reason.IMAGE_TOO_LARGE,
                    "a file of " + status.getLen() + " bytes is too long for prepare.max_image_pixels = " + maxPixels);
        }
        byte[] file = new byte[Math.toIntExact(status.getLen())];
        try (FSDataInputStream in = files.open(path)) {
            in.readFully(file);
        }
        return file;
    }

    /** The bytes of a checked picture. */
    static byte[] image(String folder, Accepted accepted, Configuration hadoop) throws IOException {
        Path path = new Path(folder, accepted.image());
        try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
            return in.readAllBytes();
        }
    }
}
