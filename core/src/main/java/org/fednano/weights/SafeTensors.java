package org.fednano.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.fednano.settings.JobException;

/**
 * Reads a safetensors file: 8 bytes of header length (little endian), a JSON header, raw little-endian data. The file
 * is mapped, tensor by tensor, never copied as a whole, so files beyond 2 GiB are fine as long as each tensor is below.
 * F32 is read as it is, F16 and BF16 are widened.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">The format</a>
 */
public final class SafeTensors {

    /** Larger headers are refused before memory is taken; the format's own limit. */
    static final long MAX_HEADER_BYTES = 100_000_000;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private record Entry(String dtype, long[] shape, long begin, long end) {}

    /** Bytes of the data section, positions counted from its first byte. */
    @FunctionalInterface
    private interface Data {
        ByteBuffer slice(long begin, long end) throws IOException;
    }

    private final String where;
    private final Map<String, Entry> entries;
    private final Map<String, String> metadata;
    private final Data data;

    private SafeTensors(String where, Map<String, Entry> entries, Map<String, String> metadata, Data data) {
        this.where = where;
        this.entries = entries;
        this.metadata = metadata;
        this.data = data;
    }

    /**
     * Opens a file and checks its header.
     *
     * @throws JobException with status 3 if the file is missing, cut off or not safetensors
     */
    public static SafeTensors open(Path file) {
        String where = file.toString();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            ByteBuffer length = channel.map(FileChannel.MapMode.READ_ONLY, 0, Math.min(8, size));
            long headerBytes = headerLength(where, length, size);
            byte[] header = new byte[(int) headerBytes];
            channel.map(FileChannel.MapMode.READ_ONLY, 8, headerBytes).get(header);
            Data data = (begin, end) -> {
                try (FileChannel again = FileChannel.open(file, StandardOpenOption.READ)) {
                    return again.map(FileChannel.MapMode.READ_ONLY, 8 + headerBytes + begin, end - begin);
                }
            };
            return parse(where, header, size - 8 - headerBytes, data);
        } catch (IOException e) {
            throw JobException.badInput(
                    "Weights expected in " + where + ": the file cannot be read (" + e.getMessage()
                            + "). Check the path and the model folder.",
                    e);
        }
    }

    /**
     * Reads from memory, for files that come from a Hadoop file system.
     *
     * @param bytes the whole file; shared
     * @param where its name, for messages
     */
    public static SafeTensors of(byte[] bytes, String where) {
        long headerBytes = headerLength(where, ByteBuffer.wrap(bytes, 0, Math.min(8, bytes.length)), bytes.length);
        int start = 8 + (int) headerBytes;
        return parse(where, Arrays.copyOfRange(bytes, 8, start), bytes.length - start, (begin, end) -> ByteBuffer.wrap(
                        bytes, start + (int) begin, (int) (end - begin))
                .slice());
    }

    /** Names of the tensors, in file order. */
    public Set<String> names() {
        return entries.keySet();
    }

    /** The file's own notes; empty if it has none. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Shape of a tensor. */
    public long[] shape(String name) {
        return entry(name).shape().clone();
    }

    /** Stored type of a tensor: {@code F32}, {@code F16}, {@code BF16}, or another that cannot be read as floats. */
    public String dtype(String name) {
        return entry(name).dtype();
    }

    /** Bytes that a tensor takes in the file. */
    public long storedBytes(String name) {
        Entry entry = entry(name);
        return entry.end() - entry.begin();
    }

    /**
     * Reads a tensor as float32.
     *
     * @throws JobException with status 3 if there is no such tensor or its type is not F32, F16 or BF16
     */
    public FloatTensor tensor(String name) {
        Entry entry = entry(name);
        int width = width(entry.dtype());
        if (width == 0) {
            throw JobException.badInput("Tensor " + name + " in " + where + " must be F32, F16 or BF16: found "
                    + entry.dtype() + ". Convert the checkpoint to one of these.");
        }
        long count = (entry.end() - entry.begin()) / width;
        if (entry.end() - entry.begin() > Integer.MAX_VALUE) {
            throw JobException.badInput("Tensor " + name + " in " + where + " must be smaller than 2 GiB: found "
                    + (entry.end() - entry.begin()) + " bytes.");
        }
        float[] values = new float[(int) count];
        ByteBuffer bytes;
        try {
            bytes = data.slice(entry.begin(), entry.end()).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw JobException.badInput("Tensor " + name + " cannot be read from " + where + ": " + e.getMessage(), e);
        }
        switch (entry.dtype()) {
            case "F32" -> bytes.asFloatBuffer().get(values);
            case "F16" -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = HalfFloats.fromF16(bytes.getShort(2 * i));
                }
            }
            default -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = HalfFloats.fromBf16(bytes.getShort(2 * i));
                }
            }
        }
        return new FloatTensor(values, entry.shape());
    }

    /**
     * Reads a tensor whose shape is known.
     *
     * @throws JobException with status 3 if it is missing or of another shape
     */
    public FloatTensor tensor(String name, long... expectedShape) {
        long[] found = entry(name).shape();
        if (!Arrays.equals(found, expectedShape)) {
            throw JobException.badInput("Tensor " + name + " in " + where + " must have shape "
                    + Arrays.toString(expectedShape) + ": found " + Arrays.toString(found)
                    + ". The file does not belong to this configuration.");
        }
        return tensor(name);
    }

    private Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw JobException.badInput("Tensor " + name + " expected in " + where + ": found only "
                    + entries.size() + " others, such as "
                    + entries.keySet().stream().limit(3).toList() + ".");
        }
        return entry;
    }

    private static int width(String dtype) {
        return switch (dtype) {
            case "F32" -> 4;
            case "F16", "BF16" -> 2;
            default -> 0;
        };
    }

    private static long headerLength(String where, ByteBuffer first, long size) {
        if (first.remaining() < 8) {
            throw bad(where, "at least 8 bytes", size + " bytes");
        }
        long length = first.order(ByteOrder.LITTLE_ENDIAN).getLong(first.position());
        if (length < 2 || length > Math.min(MAX_HEADER_BYTES, size - 8)) {
            throw bad(where, "a header of 2 to " + Math.min(MAX_HEADER_BYTES, size - 8) + " bytes", length + " bytes");
        }
        return length;
    }

    private static SafeTensors parse(String where, byte[] header, long dataBytes, Data data) {
        JsonNode root;
        try {
            root = JSON.readTree(new String(header, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw JobException.badInput(
                    where + " must start with a safetensors header in JSON: " + e.getOriginalMessage()
                            + ". The file is corrupt or of another format.",
                    e);
        }
        if (!root.isObject()) {
            throw bad(where, "a JSON object as header", root.getNodeType().toString());
        }
        Map<String, Entry> entries = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        root.fields().forEachRemaining(field -> {
            if (field.getKey().equals("__metadata__")) {
                field.getValue()
                        .fields()
                        .forEachRemaining(
                                m -> metadata.put(m.getKey(), m.getValue().asText()));
            } else {
                entries.put(field.getKey(), parseEntry(where, field.getKey(), field.getValue(), dataBytes));
            }
        });
        return new SafeTensors(
                where, Collections.unmodifiableMap(entries), Collections.unmodifiableMap(metadata), data);
    }

    private static Entry parseEntry(String where, String name, JsonNode node, long dataBytes) {
        String dtype = node.path("dtype").asText("");
        JsonNode offsets = node.path("data_offsets");
        JsonNode sizes = node.path("shape");
        if (dtype.isEmpty() || !sizes.isArray() || !offsets.isArray() || offsets.size() != 2) {
            throw bad(where, "dtype, shape and two data_offsets for tensor " + name, node.toString());
        }
        long[] shape = new long[sizes.size()];
        long count = 1;
        for (int i = 0; i < shape.length; i++) {
            shape[i] = sizes.get(i).asLong(-1);
            if (shape[i] < 0 || shape[i] > 0 && count > Long.MAX_VALUE / 8 / shape[i]) {
                throw bad(where, "a shape of sizes from 0 for tensor " + name, sizes.toString());
            }
            count *= shape[i];
        }
        long begin = offsets.get(0).asLong(-1);
        long end = offsets.get(1).asLong(-1);
        if (begin < 0 || end < begin || end > dataBytes) {
            throw bad(
                    where,
                    "data_offsets of tensor " + name + " within the file's " + dataBytes + " data bytes",
                    offsets + "; the file may be cut off");
        }
        int width = width(dtype);
        if (width > 0 && end - begin != count * width) {
            throw bad(
                    where,
                    "tensor " + name + " of " + Arrays.toString(shape) + " " + dtype + " in " + count * width
                            + " bytes",
                    (end - begin) + " bytes");
        }
        return new Entry(dtype, shape, begin, end);
    }

    private static JobException bad(String where, String expected, String found) {
        return JobException.badInput(
                where + " is no sound safetensors file: expected " + expected + ", found " + found + ".");
    }
}
