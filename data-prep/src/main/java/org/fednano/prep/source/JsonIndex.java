package org.fednano.prep.source;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;

/** Finds records in JSON files without keeping their text: how long they are does not matter to the driver. */
public final class JsonIndex {

    private static final String PROBLEMS = "problems.json";
    public static final String SPLITS = "pid_splits.json";

    /**
     * The scan skips values; what a record may be is decided where it is read, so that one with NaN in it, as Python writes
     * it, does not spoil its file. Depth and numbers take the scan's own memory.
     */
    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNestingDepth(100_000)
                    .maxNumberLength(1_000_000)
                    .build())
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES) // a million ids are names here
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private final IndexFiles files;

    public JsonIndex(IndexFiles files) {
        this.files = files;
    }

    /**
     * The layout of IconQA's and ScienceQA's releases: {@code problems.json} holds the records by id, {@code
     * pid_splits.json} (if there) lists the ids of each split.
     *
     * @throws JobException with status 3 if {@code problems.json} is missing, no JSON object, or empty
     */
    public RawIndex problems() throws IOException {
        Map<String, String> listed = splits();
        List<RecordRange> ranges = new ArrayList<>();
        RecordRange.Builder range = new RecordRange.Builder(RecordRange.Layout.ENTRIES, PROBLEMS, ranges);
        Set<String> seen = new HashSet<>();
        try (InputStream in = files.open(PROBLEMS)) {
            scan(in, PROBLEMS, JsonToken.START_OBJECT, (id, entry, offset, length) -> {
                range.add(entry, offset + length, 0);
                if (listed.containsKey(id)) {
                    range.list(id, listed.get(id));
                    seen.add(id);
                }
            });
        } catch (FileNotFoundException e) {
            throw JobException.badInput(
                    "prepare.source must be a folder in the release layout of IconQA or ScienceQA with a " + PROBLEMS
                            + " in it: found none in " + files.source()
                            + ". Set prepare.source to such a folder; `fednano generate` makes one.",
                    e);
        }
        range.finish();
        if (ranges.isEmpty()) {
            throw JobException.badInput(
                    files.source() + "/" + PROBLEMS + " must hold at least one problem: found none.");
        }
        RecordRange.Builder missing = new RecordRange.Builder(RecordRange.Layout.MISSING, PROBLEMS, ranges);
        listed.forEach((id, splits) -> {
            if (!seen.contains(id)) {
                missing.add(0, 0, 0);
                missing.list(id, splits);
            }
        });
        missing.finish();
        return new RawIndex(ranges, files.fingerprint());
    }

    /** Adds the ranges of a JSON array. */
    void array(String file, List<RecordRange> ranges) throws IOException {
        RecordRange.Builder range = new RecordRange.Builder(RecordRange.Layout.ELEMENTS, file, ranges);
        long[] n = {0};
        try (InputStream in = files.open(file)) {
            scan(
                    in,
                    file,
                    JsonToken.START_ARRAY,
                    (id, entry, offset, length) -> range.add(offset, offset + length, ++n[0]));
        }
        range.finish();
    }

    /** Passes on the records of a range, whose bytes a task reads from {@code in}. */
    static void locate(RecordRange range, InputStream in, Consumer<RecordLocation> records) throws IOException {
        boolean array = range.layout() == RecordRange.Layout.ELEMENTS;
        long start = range.offset() - 1; // of the bracket that is put before the range
        long[] n = {range.number()};
        try (InputStream whole = new SequenceInputStream(
                Collections.enumeration(List.of(bracket(array ? '[' : '{'), in, bracket(array ? ']' : '}'))))) {
            values(
                    whole,
                    array ? JsonToken.START_ARRAY : JsonToken.START_OBJECT,
                    (id, entry, offset, length) -> records.accept(new RecordLocation(
                            range.file(),
                            start + offset,
                            length,
                            n[0]++,
                            id,
                            id == null ? "" : range.listed().getOrDefault(id, ""))));
        }
    }

    private static InputStream bracket(char c) {
        return new ByteArrayInputStream(new byte[] {(byte) c});
    }

    private interface Found {

        /** @param entry first byte of a name and its value; of an element the same as {@code offset} */
        void value(String id, long entry, long offset, long length);
    }

    /** Passes on every entry of an object, or every element of an array. */
    private void scan(InputStream in, String file, JsonToken kind, Found found) throws IOException {
        try (JsonParser parser = JSON.createParser(new IndexReader(in))) {
            expect(parser, file, kind);
            values(parser, found);
            refuseCut(parser, file);
        } catch (JsonProcessingException e) {
            throw broken(file, e);
        }
    }

    private static void values(InputStream in, JsonToken kind, Found found) throws IOException {
        try (JsonParser parser = JSON.createParser(new IndexReader(in))) {
            if (parser.nextToken() != kind) {
                throw new IOException("An index file changed while it was read");
            }
            values(parser, found);
        }
    }

    private static void values(JsonParser parser, Found found) throws IOException {
        for (JsonToken token = parser.nextToken(); token != null && !token.isStructEnd(); token = parser.nextToken()) {
            String id = null;
            long entry = parser.currentTokenLocation().getCharOffset();
            if (token == JsonToken.FIELD_NAME) {
                id = name(parser.currentName());
                parser.nextToken();
            }
            long start = parser.currentTokenLocation().getCharOffset();
            parser.skipChildren();
            parser.finishToken();
            found.value(id, entry, start, parser.currentLocation().getCharOffset() - start);
        }
    }

    /** A name whose bytes are no UTF-8 keeps a replacement character, by which its record is rejected later. */
    private static String name(String parsed) {
        return IndexReader.text(parsed)
                .orElseGet(() -> parsed.replaceAll("[\\uD800-\\uDFFF\\uF780-\\uF7FF]", "\uFFFD"));
    }

    /** Ids with the splits that list them, joined by commas; other lists (per type, mini) say nothing new. */
    private Map<String, String> splits() throws IOException {
        Map<String, String> listed = new LinkedHashMap<>();
        if (!files.exists(SPLITS)) {
            return listed;
        }
        try (InputStream in = files.open(SPLITS);
                JsonParser parser = JSON.createParser(new IndexReader(in))) {
            expect(parser, SPLITS, JsonToken.START_OBJECT);
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String split = parser.currentName();
                if (parser.nextToken() != JsonToken.START_ARRAY
                        || Split.of(split).isEmpty()) {
                    parser.skipChildren();
                    continue;
                }
                while (parser.nextToken() != null && parser.currentToken() != JsonToken.END_ARRAY) {
                    String id = name(parser.getText());
                    parser.skipChildren();
                    listed.merge(id, split, JsonIndex::joined);
                }
            }
            refuseCut(parser, SPLITS);
        } catch (JsonProcessingException e) {
            throw broken(SPLITS, e);
        }
        return listed;
    }

    private static String joined(String splits, String split) {
        Set<String> all = new TreeSet<>(List.of(splits.split(",")));
        all.add(split);
        return String.join(",", all);
    }

    private void expect(JsonParser parser, String file, JsonToken kind) throws IOException {
        JsonToken first = parser.nextToken();
        if (first != kind) {
            throw JobException.badInput(files.source() + "/" + file + " must be one JSON "
                    + (kind == JsonToken.START_OBJECT ? "object with an entry per problem" : "array with a record each")
                    + ", in UTF-8: found " + (first == null ? "an empty file" : "a " + first) + ".");
        }
    }

    private void refuseCut(JsonParser parser, String file) throws IOException {
        if (parser.currentToken() == null || parser.nextToken() != null) {
            throw JobException.badInput(files.source() + "/" + file + " must be one JSON value: found "
                    + (parser.currentToken() == null ? "an end in the midst of it" : "more behind it")
                    + ". Fetch or write the file again.");
        }
    }

    private JobException broken(String file, JsonProcessingException e) {
        return JobException.badInput(
                files.source() + "/" + file + " is not valid JSON in UTF-8: " + e.getOriginalMessage() + " at line "
                        + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr()
                        + ". Fetch or write the file again; it may be cut off.",
                e);
    }
}
