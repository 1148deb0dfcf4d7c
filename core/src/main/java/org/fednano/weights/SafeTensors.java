package org.fednano.weights;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.fednano.settings.JobException;
import org.fednano.weights.SafeTensorsHeader.Entry;

/**
 * Reads a safetensors file: 8 bytes of header length (little endian), a JSON header, raw little-endian data. F32 is read
 * as it is, F16 and BF16 are widened. Values are read in small pieces at their positions in the file, not mapped: mapped
 * pages count as this process's memory until a garbage collection unmaps them, so that a model being loaded would lie
 * there twice; and a file that is cut off while it is mapped ends the JVM instead of failing a read.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">The format</a>
 */
public final class SafeTensors implements TensorSource {

    /** Bytes per read: large enough that calls cost nothing, small enough to be no part of the memory that a load takes. */
    private static final int PIECE = 1 << 17;

    private static final Set<String> READABLE = Set.of("F32", "F16", "BF16");

    /** The data section, positions counted from its first byte. */
    @FunctionalInterface
    private interface Data {
        Pieces open() throws IOException;
    }

    /** Reads a piece: fills the buffer. */
    private interface Pieces extends AutoCloseable {
        void read(long position, ByteBuffer piece) throws IOException;

        @Override
        default void close() throws IOException {}
    }

    private final String where;
    private final SafeTensorsHeader header;
    private final SortedSet<String> names;
    private final Data data;

    private SafeTensors(String where, SafeTensorsHeader header, Data data) {
        this.where = where;
        this.header = header;
        this.data = data;
        names = Collections.unmodifiableSortedSet(new TreeSet<>(header.entries().keySet()));
    }

    /**
     * Opens a file and checks its header.
     *
     * @throws JobException with status 3 if the file is missing, cut off or not safetensors
     */
    public static SafeTensors open(Path file) {
        String where = file.toString();
        ModelFile.requireRegular(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            ByteBuffer length = ByteBuffer.allocate((int) Math.min(8, size));
            fill(channel, 0, length);
            long headerBytes = SafeTensorsHeader.length(where, length, size);
            byte[] header = new byte[(int) headerBytes];
            fill(channel, 8, ByteBuffer.wrap(header));
            return new SafeTensors(
                    where,
                    SafeTensorsHeader.parse(where, header, size - 8 - headerBytes),
                    () -> pieces(file, 8 + headerBytes));
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
        long headerBytes =
                SafeTensorsHeader.length(where, ByteBuffer.wrap(bytes, 0, Math.min(8, bytes.length)), bytes.length);
        int start = 8 + (int) headerBytes;
        Data data = () -> (position, piece) ->
                piece.put(bytes, start + (int) position, piece.remaining()).flip();
        return new SafeTensors(
                where, SafeTensorsHeader.parse(where, Arrays.copyOfRange(bytes, 8, start), bytes.length - start), data);
    }

    private static Pieces pieces(Path file, long start) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        return new Pieces() {
            @Override
            public void read(long position, ByteBuffer piece) throws IOException {
                fill(channel, start + position, piece);
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }

    /** Fills a buffer from a position on and makes it ready to be read. */
    private static void fill(FileChannel channel, long position, ByteBuffer target) throws IOException {
        for (long at = position; target.hasRemaining(); ) {
            int count = channel.read(target, at);
            if (count < 0) {
                throw new EOFException("it ends at byte " + at + " of at least " + (at + target.remaining()));
            }
            at += count;
        }
        target.flip();
    }

    @Override
    public SortedSet<String> names() {
        return names;
    }

    /** The file's own notes; empty if it has none. */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    @Override
    public long[] shape(String name) {
        return entry(name).shape().clone();
    }

    @Override
    public String origin(String name) {
        return where;
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

    @Override
    public void read(String name, long from, FloatBuffer target) {
        Entry entry = entry(name);
        if (!READABLE.contains(entry.dtype())) {
            throw JobException.badInput("Tensor " + name + " in " + where + " must be F32, F16 or BF16: found "
                    + entry.dtype() + ". Convert the checkpoint to one of these.");
        }
        int width = entry.width();
        Objects.checkFromIndexSize(from, target.remaining(), (entry.end() - entry.begin()) / width);
        ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE, (long) width * target.remaining()))
                .order(ByteOrder.LITTLE_ENDIAN);
        try (Pieces pieces = data.open()) {
            for (long at = entry.begin() + from * width; target.hasRemaining(); at += piece.limit()) {
                piece.clear().limit((int) Math.min(piece.capacity(), (long) width * target.remaining()));
                pieces.read(at, piece);
                widen(entry.dtype(), piece, target);
            }
        } catch (IOException e) {
            throw JobException.badInput("Tensor " + name + " cannot be read from " + where + ": " + e.getMessage(), e);
        }
    }

    private static void widen(String dtype, ByteBuffer piece, FloatBuffer target) {
        if (dtype.equals("F32")) {
            target.put(piece.asFloatBuffer());
            return;
        }
        ShortBuffer halves = piece.asShortBuffer();
        boolean brain = dtype.equals("BF16");
        while (halves.hasRemaining()) {
            short bits = halves.get();
            target.put(brain ? HalfFloats.fromBf16(bits) : HalfFloats.fromF16(bits));
        }
    }

    /**
     * Reads a tensor whose shape is known.
     *
     * @throws JobException with status 3 if it is missing or of another shape
     */
    public FloatTensor tensor(String name, long... expectedShape) {
        require(name, expectedShape);
        return tensor(name);
    }

    private Entry entry(String name) {
        Entry entry = header.entries().get(name);
        if (entry == null) {
            throw TensorSource.missing(name, where, names);
        }
        return entry;
    }
}
