package org.fednano.prep;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;

/**
 * The index of a data set in the layout of IconQA's release (Lu et al., NeurIPS 2021): {@code problems.json} holds the
 * records by id, {@code pid_splits.json} (if there) lists the ids of each split. Pictures are read later, one by one.
 */
final class IconQaRelease {

    static final String PROBLEMS = "problems.json";
    static final String SPLITS = "pid_splits.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final FileSystem files;
    private final java.security.MessageDigest digest = Digests.sha256();

    private IconQaRelease(Path folder, FileSystem files) {
        this.folder = folder;
        this.files = files;
    }

    /**
     * @param records in the order of {@code problems.json}, then the ids that only {@code pid_splits.json} names
     * @param fingerprint SHA-256 of the index files' bytes, hexadecimal
     */
    record Index(List<RawRecord> records, String fingerprint) {}

    /**
     * Reads the index.
     *
     * @throws JobException with status 3 if the folder or its {@code problems.json} is missing or no JSON object
     */
    static Index read(Path folder, Configuration hadoop) {
        try {
            return new IconQaRelease(folder, folder.getFileSystem(hadoop)).read();
        } catch (IOException e) {
            throw JobException.badInput("Cannot read the raw data set in prepare.source = " + folder + ": " + e, e);
        }
    }

    private Index read() throws IOException {
        Map<String, Set<String>> listed = readSplits();
        List<RawRecord> records = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        try (InputStream in = open(PROBLEMS);
                JsonParser parser = JSON.getFactory().createParser(in)) {
            expectObject(parser, PROBLEMS);
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String id = parser.getCurrentName();
                parser.nextToken();
                JsonNode record = parser.readValueAsTree();
                records.add(new RawRecord(id, record.toString(), splits(listed, id), !seen.add(id)));
            }
            in.transferTo(OutputStream.nullOutputStream()); // the fingerprint covers the whole file
        } catch (FileNotFoundException e) {
            throw JobException.badInput(
                    "prepare.source must be a folder in IconQA's release layout with a " + PROBLEMS
                            + " in it: found none in " + folder
                            + ". Set prepare.source to such a folder; `fednano generate` makes one.",
                    e);
        } catch (JsonProcessingException e) {
            throw broken(PROBLEMS, e);
        }
        if (records.isEmpty()) {
            throw JobException.badInput(folder + "/" + PROBLEMS + " must hold at least one problem: found none.");
        }
        listed.keySet().stream()
                .filter(id -> !seen.contains(id))
                .forEach(id -> records.add(new RawRecord(id, null, splits(listed, id), false)));
        return new Index(records, Digests.hex(digest));
    }

    /** Ids with the splits that list them; other lists in the file (per type, mini) say nothing new. */
    private Map<String, Set<String>> readSplits() throws IOException {
        Map<String, Set<String>> listed = new LinkedHashMap<>();
        if (!files.exists(new Path(folder, SPLITS))) {
            return listed;
        }
        try (InputStream in = open(SPLITS);
                JsonParser parser = JSON.getFactory().createParser(in)) {
            expectObject(parser, SPLITS);
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.getCurrentName();
                parser.nextToken();
                JsonNode ids = parser.readValueAsTree();
                if (Split.of(name).isPresent()) {
                    ids.forEach(id -> listed.computeIfAbsent(id.asText(), i -> new TreeSet<>())
                            .add(name));
                }
            }
            in.transferTo(OutputStream.nullOutputStream());
        } catch (JsonProcessingException e) {
            throw broken(SPLITS, e);
        }
        return listed;
    }

    private InputStream open(String name) throws IOException {
        return new java.security.DigestInputStream(files.open(new Path(folder, name)), digest);
    }

    private void expectObject(JsonParser parser, String name) throws IOException {
        JsonToken first = parser.nextToken();
        if (first != JsonToken.START_OBJECT) {
            throw JobException.badInput(
                    folder + "/" + name + " must be one JSON object with an entry per problem: found "
                            + (first == null ? "an empty file" : "a " + first) + ".");
        }
    }

    private JobException broken(String name, JsonProcessingException e) {
        return JobException.badInput(
                folder + "/" + name + " is not valid JSON: " + e.getOriginalMessage() + " at line "
                        + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr()
                        + ". Fetch or write the file again; it may be cut off.",
                e);
    }

    private static String splits(Map<String, Set<String>> listed, String id) {
        return String.join(",", listed.getOrDefault(id, Set.of()));
    }
}
