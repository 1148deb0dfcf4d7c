package org.fednano.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/**
 * What {@code features.json} says of one client's features; a folder without it is incomplete.
 *
 * @param fingerprint of encoder, connector, prompt and preprocessing
 * @param shards fingerprint of the shards the features were made from
 * @param splits rows and checksum of each split that has rows, by the split's name
 */
record FeatureMarker(String fingerprint, String shards, Map<String, Content> splits) {

    static final String NAME = "features.json";

    /**
     * @param rows samples in the split
     * @param crc32c over the rows as {@link FeatureCodec} writes them, in file order
     * @param cut rows whose prompt was cut
     * @param firstCut id of the first of them, or empty
     */
    record Content(long rows, long crc32c, long cut, String firstCut) {}

    /** The marker in a client's features folder, unless it is missing or broken. */
    static Optional<FeatureMarker> read(Configuration conf, Path folder) {
        Path file = new Path(folder, NAME);
        try (FSDataInputStream in = file.getFileSystem(conf).open(file)) {
            JsonNode root = new ObjectMapper().readTree(in.readAllBytes());
            if (root.path("format").asInt() != 1) {
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
                    root.path("fingerprint").asText(), root.path("shards").asText(), splits));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    void write(Configuration conf, Path folder) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode root = json.createObjectNode();
        root.put("format", 1).put("fingerprint", fingerprint).put("shards", shards);
        ObjectNode all = root.putObject("splits");
        splits.forEach((split, content) -> all.putObject(split)
                .put("rows", content.rows())
                .put("crc32c", content.crc32c())
                .put("cut_prompts", content.cut())
                .put("first_cut", content.firstCut()));
        Path file = new Path(folder, NAME);
        try (FSDataOutputStream out = file.getFileSystem(conf).create(file, false)) {
            out.write(json.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
        }
    }
}
