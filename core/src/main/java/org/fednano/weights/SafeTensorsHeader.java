package org.fednano.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.fednano.settings.JobException;

/**
 * The header of a safetensors file, checked: every tensor has a known type, bytes of its shape's number, and a place of its
 * own, and together they fill the file.
 *
 * @param entries tensors by name, in file order
 * @param metadata the file's own notes
 */
record SafeTensorsHeader(Map<String, SafeTensorsHeader.Entry> entries, Map<String, String> metadata) {

    /**
     * One tensor.
     *
     * @param begin first byte in the data section
     * @param end behind its last byte
     */
    record Entry(String dtype, long[] shape, long begin, long end) {

        int width() {
            return WIDTHS.get(dtype);
        }
    }

    /** Ten times what the largest published checkpoints have in all their shards. */
    private static final int MOST_TENSORS = 1 << 20;

    /** PyTorch's own limit. */
    private static final int MOST_DIMENSIONS = 64;

    /** Of what a header says, in a message. */
    private static final int MOST_TOLD = 300;

    /** Larger headers are refused before memory is taken; the format's own limit. */
    static final long MAX_HEADER_BYTES = 100_000_000;

    /** Says no to what a sound file never has: a name twice, or more behind the end. */
    static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** One value of several. */
    private static final ObjectReader VALUE = JSON.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** The format's types and their bytes. */
    private static final Map<String, Integer> WIDTHS = Map.ofEntries(
            Map.entry("BOOL", 1),
            Map.entry("U8", 1),
            Map.entry("I8", 1),
            Map.entry("F8_E4M3", 1),
            Map.entry("F8_E5M2", 1),
            Map.entry("F16", 2),
            Map.entry("BF16", 2),
            Map.entry("I16", 2),
            Map.entry("U16", 2),
            Map.entry("F32", 4),
            Map.entry("I32", 4),
            Map.entry("U32", 4),
            Map.entry("F64", 8),
            Map.entry("I64", 8),
            Map.entry("U64", 8));

    /** Bytes of the header, from the first eight of a file. */
    static long length(String where, ByteBuffer first, long size) {
        if (first.remaining() < 8) {
            throw bad(where, "at least 8 bytes", size + " bytes");
        }
        long length = first.order(ByteOrder.LITTLE_ENDIAN).getLong(first.position());
        if (length < 2 || length > Math.min(MAX_HEADER_BYTES, size - 8)) {
            throw bad(where, "a header of 2 to " + Math.min(MAX_HEADER_BYTES, size - 8) + " bytes", length + " bytes");
        }
        return length;
    }

    /** Parses and checks it. */
    static SafeTensorsHeader parse(String where, byte[] header, long dataBytes) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        // Tensor by tensor: as one tree a header takes many times its size in memory.
        try (JsonParser json = JSON.createParser(text(where, header))) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw bad(where, "a JSON object as header", String.valueOf(json.currentToken()));
            }
            for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
                json.nextToken();
                JsonNode value = VALUE.readTree(json);
                if (name.equals("__metadata__")) {
                    value.fields()
                            .forEachRemaining(
                                    m -> metadata.put(m.getKey(), m.getValue().asText()));
                } else if (entries.size() == MOST_TENSORS) {
                    throw bad(where, MOST_TENSORS + " tensors at most", "more");
                } else {
                    entries.put(name, parseEntry(where, name, value));
                }
            }
            if (json.nextToken() != null) {
                throw bad(where, "one JSON object as header", "more behind it");
            }
        } catch (JsonProcessingException e) {
            throw JobException.badInput(
                    where + " must start with a safetensors header in JSON: " + e.getOriginalMessage()
                            + ". The file is corrupt or of another format.",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // from memory: there is none
        }
        requireGapless(where, entries, dataBytes);
        return new SafeTensorsHeader(entries, Collections.unmodifiableMap(metadata));
    }

    private static String text(String where, byte[] header) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(header))
                    .toString();
        } catch (CharacterCodingException e) {
            throw bad(where, "a header in UTF-8", "other bytes");
        }
    }

    /** The format's own rule: the tensors fill the data section, one behind the other, and nothing else is in it. */
    private static void requireGapless(String where, Map<String, Entry> entries, long dataBytes) {
        List<Map.Entry<String, Entry>> sorted = new ArrayList<>(entries.entrySet());
        sorted.sort(Comparator.comparingLong(
                        (Map.Entry<String, Entry> e) -> e.getValue().begin())
                .thenComparingLong(e -> e.getValue().end()));
        long end = 0;
        for (Map.Entry<String, Entry> e : sorted) {
            Entry entry = e.getValue();
            if (entry.begin() != end || entry.end() > dataBytes) {
                throw bad(
                        where,
                        "tensor " + e.getKey() + " at data_offsets from " + end
                                + ", where the one before it ends, within " + dataBytes + " data bytes",
                        "[" + entry.begin() + ", " + entry.end() + "]; the header lies, or the file is cut off");
            }
            end = entry.end();
        }
        if (end != dataBytes) {
            throw bad(where, "tensors that fill its " + dataBytes + " data bytes", "tensors that end at byte " + end);
        }
    }

    private static Entry parseEntry(String where, String name, JsonNode node) {
        String dtype = node.path("dtype").asText("");
        JsonNode offsets = node.path("data_offsets");
        JsonNode sizes = node.path("shape");
        if (!node.path("dtype").isTextual() || !sizes.isArray() || !offsets.isArray() || offsets.size() != 2) {
            throw bad(where, "dtype, shape and two data_offsets for tensor " + name, node.toString());
        }
        Integer width = WIDTHS.get(dtype);
        if (width == null) {
            throw bad(where, "one of the types " + new TreeSet<>(WIDTHS.keySet()) + " for tensor " + name, dtype);
        }
        if (sizes.size() > MOST_DIMENSIONS) {
            throw bad(where, MOST_DIMENSIONS + " dimensions at most for tensor " + name, String.valueOf(sizes.size()));
        }
        long[] shape = new long[sizes.size()];
        long count = 1;
        for (int i = 0; i < shape.length; i++) {
            shape[i] = whole(sizes.get(i));
            if (shape[i] < 0 || shape[i] > 0 && count > Long.MAX_VALUE / 8 / shape[i]) {
                throw bad(where, "a shape of sizes from 0 for tensor " + name, sizes.toString());
            }
            count *= shape[i];
        }
        long begin = whole(offsets.get(0));
        long end = whole(offsets.get(1));
        if (begin < 0 || end < begin) {
            throw bad(where, "two ascending data_offsets for tensor " + name, offsets.toString());
        }
        if (end - begin != count * width) {
            throw bad(
                    where,
                    "tensor " + name + " of " + Arrays.toString(shape) + " " + dtype + " in " + count * width
                            + " bytes",
                    (end - begin) + " bytes");
        }
        return new Entry(dtype, shape, begin, end);
    }

    /** A whole number from 0, or −1 for anything else. */
    private static long whole(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToLong() ? Math.max(-1, node.longValue()) : -1;
    }

    private static JobException bad(String where, String expected, String found) {
        return JobException.badInput(
                where + " is no sound safetensors file: expected " + told(expected) + ", found " + told(found) + ".");
    }

    private static String told(String text) {
        return text.length() <= MOST_TOLD ? text : text.substring(0, MOST_TOLD) + "… (" + text.length() + " letters)";
    }
}
