package org.fednano.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes float32 tensors as safetensors. The same tensors and metadata always give the same bytes: metadata is sorted by
 * key, tensors lie in the order of the map given, the header is padded with blanks to a multiple of eight bytes.
 */
public final class SafeTensorsWriter {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private SafeTensorsWriter() {}

    /**
     * The bytes of a file.
     *
     * @param tensors name to tensor, in file order
     * @param metadata the file's notes; readers show them, nothing depends on them
     */
    public static byte[] bytes(Map<String, FloatTensor> tensors, Map<String, String> metadata) {
        ObjectNode header = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode notes = header.putObject("__metadata__");
            new TreeMap<>(metadata).forEach(notes::put);
        }
        long offset = 0;
        for (Map.Entry<String, FloatTensor> e : tensors.entrySet()) {
            ObjectNode entry = header.putObject(e.getKey());
            entry.put("dtype", "F32");
            var shape = entry.putArray("shape");
            Arrays.stream(e.getValue().shape()).forEach(shape::add);
            long end = offset + 4L * e.getValue().size();
            entry.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        byte[] json;
        try {
            json = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
        int headerBytes = (json.length + 7) / 8 * 8;
        ByteBuffer out =
                ByteBuffer.allocate(Math.toIntExact(8 + headerBytes + offset)).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(headerBytes).put(json);
        for (int i = json.length; i < headerBytes; i++) {
            out.put((byte) ' ');
        }
        for (FloatTensor tensor : tensors.values()) {
            out.asFloatBuffer().put(tensor.values());
            out.position(out.position() + 4 * tensor.size());
        }
        return out.array();
    }

    /** Writes a file under a temporary name beside its place, then moves it there in one step, replacing what was there. */
    public static void write(Path file, Map<String, FloatTensor> tensors, Map<String, String> metadata) {
        Path temporary = file.resolveSibling("." + file.getFileName() + ".tmp");
        try {
            Files.write(temporary, bytes(tensors, metadata));
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write " + file, e);
        }
    }
}
