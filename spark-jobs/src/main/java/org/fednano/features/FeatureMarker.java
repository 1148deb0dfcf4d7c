package org.fednano.features;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * What {@code features.json} says of the features of one client's segment; a folder without it is incomplete.
 *
 * @param fingerprint of encoder, connector, prompt and preprocessing
 * @param source {@link FeatureFiles#source()} of the rows that the features were made from
 * @param splits rows and checksum of each split that has rows, by the split's name
 */
public record FeatureMarker(String fingerprint, String source, Map<String, Content> splits) {

    static final String NAME = "features.json";

    /** 1 named the manifest that the rows belonged to. Features are a cache: older ones are made again. */
    private static final int FORMAT = 2;

    /**
     * @param rows samples in the split
     * @param crc32c over the rows as {@link FeatureCodec} writes them, in file order
     * @param cut rows whose prompt was cut
     * @param firstCut id of the first of them, or empty
     */
    public record Content(long rows, long crc32c, long cut, String firstCut) {}

    /** The marker in a client's features folder, unless it is missing or broken. */
    static Optional<FeatureMarker> read(FileSystem files, Path folder) {
        Path file = new Path(folder, NAME);
        try (FSDataInputStream in = files.open(file)) {
            JsonNode root = new ObjectMapper().readTree(in.readAllBytes());
            if (root.path("format").asInt() != FORMAT) {
                return Optional.empty();
            }
            Map<String, Content> splits = new TreeMap<>();
            root.path("splits")
                    .fields()
                    .forEachRemaining(e -> splits.put(
                            e.getKey(),
                            new Content(
                                    e.getValue().path("rows").asLong(-1),
                                    e.getValue().path("crc32c").asLong(-1),
                                    e.getValue().path("cut_prompts").asLong(0),
                                    e.getValue().path("first_cut").asText(""))));
            return Optional.of(new FeatureMarker(
                    root.path("fingerprint").asText(), root.path("source").asText(), splits));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    void write(FileSystem files, Path folder) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode root = json.createObjectNode();
        root.put("format", FORMAT).put("fingerprint", fingerprint).put("source", source);
        ObjectNode all = root.putObject("splits");
        splits.forEach((split, content) -> all.putObject(split)
                .put("rows", content.rows())
                .put("crc32c", content.crc32c())
                .put("cut_prompts", content.cut())
                .put("first_cut", content.firstCut()));
        Path file = new Path(folder, NAME);
        try (FSDataOutputStream out = files.create(file, false)) {
            out.write(json.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
        }
    }
}
