package org.fednano.features;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.LoggerFactory;

/**
 * What {@code features.json} says of the features of one client's segment; a folder without it is incomplete.
 *
 * @param fingerprint of encoder, connector, prompt and preprocessing
 * @param source {@link RowFiles#listing()} of the rows that the features were made from
 * @param content {@link RowFiles#content()} of them; empty in a marker of an earlier version
 * @param splits rows and checksum of each split that has rows, by the split's name
 */
public record FeatureMarker(String fingerprint, String source, String content, Map<String, Content> splits) {

    static final String NAME = "features.json";

    /** Beside the marker of features that were copied together with their rows: which files were found to be copies. */
    private static final String COPIED = "copied.txt";

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
                    root.path("fingerprint").asText(),
                    root.path("source").asText(),
                    root.path("content").asText(),
                    splits));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * Whether the features are of these rows. Files of other times may be copies of the right ones: then their bytes decide, unless
     * they have been found to be copies before.
     */
    boolean isOf(FileSystem files, Path folder, RowFiles rows) {
        return source.equals(rows.listing())
                || !content.isEmpty()
                        && (adoption(rows).equals(adopted(files, folder)) || content.equals(rows.content()));
    }

    /** Remembers that these rows are copies of those that the features were made from, so that nobody reads them for it again. */
    void adopt(FileSystem files, Path folder, RowFiles rows) {
        if (source.equals(rows.listing()) || adoption(rows).equals(adopted(files, folder))) {
            return;
        }
        try (FSDataOutputStream out = files.create(new Path(folder, COPIED), true)) {
            out.write(adoption(rows).getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            // The folder may be for reading only: whoever comes next compares again.
            LoggerFactory.getLogger(FeatureMarker.class).debug("Not remembered", e);
        }
    }

    private String adoption(RowFiles rows) {
        return source + ' ' + rows.listing();
    }

    private static String adopted(FileSystem files, Path folder) {
        try (FSDataInputStream in = files.open(new Path(folder, COPIED))) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            return "";
        }
    }

    void write(FileSystem files, Path folder) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode root = json.createObjectNode();
        root.put("format", FORMAT).put("fingerprint", fingerprint).put("source", source).put("content", content);
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
