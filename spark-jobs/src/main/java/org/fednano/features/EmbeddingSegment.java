package org.fednano.features;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.SortedMap;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.process.ProcessMark;
import org.fednano.shards.StaleFileCleaner;

/**
 * A file of token-embedding rows: 8 bytes {@code FNROWS01}, H and N as 32-bit integers, N ascending ids (32-bit), N·H
 * float32 values, and the CRC-32C of all before it as a 64-bit integer; little-endian. It appears whole, by a rename, and
 * never changes. The heap holds its ids only.
 */
public final class EmbeddingSegment implements AutoCloseable {

    static final String SUFFIX = ".rows";

    private static final String MAKING = ".making-";

    private static final byte[] MAGIC = "FNROWS01".getBytes(StandardCharsets.US_ASCII);
    private static final int HEADER = 16;
    private static final int TRAILER = 8;

    private final Path file;
    private final FSDataInputStream in;
    private final int[] ids; // (N), ascending
    private final int hidden; // H

    private EmbeddingSegment(Path file, FSDataInputStream in, int[] ids, int hidden) {
        this.file = file;
        this.in = in;
        this.ids = ids;
        this.hidden = hidden;
    }

    /**
     * Opens a file and reads it once to check it.
     *
     * @return empty if it is damaged or of another H
     * @throws IOException if it cannot be read now
     */
    static Optional<EmbeddingSegment> open(FileSystem fs, Path file, int hidden) throws IOException {
        long length = fs.getFileStatus(file).getLen();
        FSDataInputStream in = fs.open(file);
        try {
            int[] ids = checked(in, length, hidden);
            if (ids != null) {
                return Optional.of(new EmbeddingSegment(file, in, ids, hidden));
            }
        } catch (EOFException | ChecksumException e) {
            in.close();
            return Optional.empty(); // a file that ends early, or a checksum of the file system's own
        } catch (IOException e) {
            in.close();
            throw e;
        }
        in.close();
        return Optional.empty();
    }

    /** Its ids; null if the file is not what it should be. */
    private static int[] checked(FSDataInputStream in, long length, int hidden) throws IOException {
        if (length < HEADER + TRAILER) {
            return null;
        }
        byte[] head = new byte[HEADER];
        in.readFully(0, head);
        ByteBuffer header = little(head);
        long count = header.getInt(12);
        if (!Arrays.equals(head, 0, 8, MAGIC, 0, 8)
                || header.getInt(8) != hidden
                || count < 1
                || length != HEADER + 4 * count * (1 + hidden) + TRAILER
                || 4 * count > Integer.MAX_VALUE) {
            return null;
        }
        byte[] table = new byte[(int) (4 * count)];
        in.readFully(HEADER, table);
        int[] ids = new int[(int) count];
        little(table).asIntBuffer().get(ids);
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || i > 0 && ids[i] <= ids[i - 1]) {
                return null;
            }
        }
        byte[] trailer = new byte[TRAILER];
        in.readFully(length - TRAILER, trailer);
        return crc(in, length - TRAILER) == little(trailer).getLong() ? ids : null;
    }

    private static long crc(FSDataInputStream in, long length) throws IOException {
        CRC32C crc = new CRC32C();
        byte[] buffer = new byte[1 << 16];
        in.seek(0);
        for (long left = length; left > 0; ) {
            int read = (int) Math.min(buffer.length, left);
            in.readFully(buffer, 0, read);
            crc.update(buffer, 0, read);
            left -= read;
        }
        return crc.getValue();
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Removes what killed jobs left unfinished in a folder: of processes of this host at once, else once it is old. */
    public static void removeLeftovers(FileSystem fs, Path folder) {
        new StaleFileCleaner(fs, folder).remove(MAKING);
    }

    /**
     * Writes rows as a further file of a folder.
     *
     * @param rows (H) by id, at least one
     */
    static Path write(FileSystem fs, Path folder, SortedMap<Integer, float[]> rows) throws IOException {
        int hidden = rows.get(rows.firstKey()).length;
        fs.mkdirs(folder);
        String name = UUID.randomUUID().toString();
        Path temporary = new Path(folder, MAKING + ProcessMark.here().text() + name);
        Path file = new Path(folder, "part-" + name + SUFFIX);
        CRC32C crc = new CRC32C();
        try {
            try (FSDataOutputStream out = fs.create(temporary, false)) {
                ByteBuffer head = ByteBuffer.allocate(HEADER + 4 * rows.size()).order(ByteOrder.LITTLE_ENDIAN);
                head.put(MAGIC).putInt(hidden).putInt(rows.size());
                rows.keySet().forEach(head::putInt);
                put(out, head.array(), crc);
                ByteBuffer bytes = ByteBuffer.allocate(4 * hidden).order(ByteOrder.LITTLE_ENDIAN);
                for (float[] row : rows.values()) {
                    bytes.asFloatBuffer().put(row);
                    put(out, bytes.array(), crc);
                }
                out.write(ByteBuffer.allocate(TRAILER)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(crc.getValue())
                        .array());
            }
            if (!fs.rename(temporary, file)) {
                throw new IOException("cannot rename " + temporary + " to " + file);
            }
            return file;
        } finally {
            fs.delete(temporary, false);
        }
    }

    private static void put(FSDataOutputStream out, byte[] bytes, CRC32C crc) throws IOException {
        crc.update(bytes);
        out.write(bytes);
    }

    /** Place of an id, or a negative number. */
    int find(int id) {
        return Arrays.binarySearch(ids, id);
    }

    /** Reads the row at a place into {@code target} (·, H) at row {@code to}. */
    void read(int place, float[] target, int to) throws IOException {
        byte[] bytes = new byte[4 * hidden];
        in.readFully(HEADER + 4L * ids.length + 4L * place * hidden, bytes);
        FloatBuffer values = little(bytes).asFloatBuffer();
        values.get(target, to * hidden, hidden);
    }

    Path file() {
        return file;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
