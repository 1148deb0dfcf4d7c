package org.fednano.prep;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.fednano.testing.TestImages;

/** Makes small raw data sets in IconQA's release layout, sound or broken as a test needs them. */
final class RawFolder {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final List<Map.Entry<String, String>> problems = new ArrayList<>();
    private final Map<String, List<String>> splits = new LinkedHashMap<>();

    RawFolder(Path folder) {
        this.folder = folder;
    }

    Path folder() {
        return folder;
    }

    /** A sound fill_in_blank record with its picture. */
    RawFolder fill(String id, String owner, String split, String answer) {
        return record(id, fillRecord(owner, split, answer), png(6, 4));
    }

    /** A sound choose_txt record with its picture. */
    RawFolder choose(String id, String owner, String split, List<String> choices, int answer) {
        ObjectNode record = fillRecord(owner, split, "");
        record.put("ques_type", "choose_txt").put("answer", answer);
        choices.forEach(record.withArray("choices")::add);
        return record(id, record, png(5, 5));
    }

    static ObjectNode fillRecord(String owner, String split, String answer) {
        return JSON.createObjectNode()
                .put("question", "How many?")
                .put("answer", answer)
                .put("ques_type", "fill_in_blank")
                .put("grade", "grade1")
                .put("label", "A1")
                .put("split", split)
                .put("owner", owner);
    }

    /** Any record; its picture goes where the record says, unless null. */
    RawFolder record(String id, ObjectNode record, byte[] picture) {
        if (picture != null) {
            picture(record.path("split").asText(), record.path("ques_type").asText(), id, picture);
        }
        return raw(id, record.toString());
    }

    /** Any JSON value as a record. */
    RawFolder raw(String id, String json) {
        problems.add(Map.entry(id, json));
        return this;
    }

    RawFolder list(String split, String... ids) {
        splits.computeIfAbsent(split, s -> new ArrayList<>()).addAll(List.of(ids));
        return this;
    }

    RawFolder picture(String split, String type, String id, byte[] picture) {
        return picture(split, type, id, "image.png", picture);
    }

    RawFolder picture(String split, String type, String id, String name, byte[] picture) {
        try {
            Path home = Files.createDirectories(
                    folder.resolve("iconqa").resolve(split).resolve(type).resolve(id));
            Files.write(home.resolve(name), picture);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    RawFolder write() {
        try {
            Files.createDirectories(folder);
            Files.writeString(
                    folder.resolve("problems.json"),
                    problems.stream()
                            .map(e -> "\"" + e.getKey() + "\": " + e.getValue())
                            .collect(Collectors.joining(",\n", "{", "}\n")));
            if (!splits.isEmpty()) {
                JSON.writeValue(folder.resolve("pid_splits.json").toFile(), splits);
            }
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] png(int width, int height) {
        return TestImages.uneven(width, height);
    }
}
