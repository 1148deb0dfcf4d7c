package org.fednano.rows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Type;
import org.apache.parquet.format.Util;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.schema.PrimitiveType;

/**
 * A Parquet file with columns of types that are younger than the library which reads footers: it would fail on the whole
 * file. Here the footer says nothing of them, so that they are what they are stored as; half-precision numbers get a mark.
 */
final class YoungerTypes implements InputFile {

    private static final String MAGIC = "PAR1";
    private static final int WORD = 4;

    /** The field id that marks half-precision numbers; no writer uses it. */
    private static final int HALF = Integer.MIN_VALUE;

    private final InputFile file;
    private final long kept;
    private final byte[] footer;

    private YoungerTypes(InputFile file, long kept, byte[] footer) {
        this.file = file;
        this.kept = kept;
        this.footer = footer;
    }

    /** The file with such a footer; empty if it has no columns of unknown types, or no footer that can be read. */
    static Optional<InputFile> of(InputFile file) throws IOException {
        try (SeekableInputStream in = file.newStream()) {
            long end = file.getLength() - 2 * WORD;
            byte[] last = bytes(in, end, 2 * WORD);
            int size = ByteBuffer.wrap(last).order(ByteOrder.LITTLE_ENDIAN).getInt();
            if (size > end) { // it would take memory for what is not there
                return Optional.empty();
            }
            FileMetaData data = Util.readFileMetaData(new ByteArrayInputStream(bytes(in, end - size, size)));
            return forget(data) ? Optional.of(new YoungerTypes(file, end - size, footer(data))) : Optional.empty();
        } catch (IOException | RuntimeException e) { // lengths that lead nowhere, or no footer at all
            return Optional.empty();
        }
    }

    /** Whether a column holds numbers of 16 bits. */
    static boolean isHalf(PrimitiveType type) {
        return type.getId() != null && type.getId().intValue() == HALF;
    }

    /** Of types that the library does not know, only this one has values of two bytes. */
    private static boolean forget(FileMetaData data) {
        boolean found = false;
        for (SchemaElement e : data.getSchema()) {
            if (e.isSetLogicalType() && e.getLogicalType().getSetField() == null) {
                e.unsetLogicalType();
                if (e.getType() == Type.FIXED_LEN_BYTE_ARRAY && e.getType_length() == Short.BYTES) {
                    e.setField_id(HALF);
                }
                found = true;
            }
        }
        return found;
    }

    private static byte[] footer(FileMetaData data) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Util.writeFileMetaData(data, out);
        int size = out.size();
        out.write(ByteBuffer.allocate(WORD)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(size)
                .array());
        out.write(MAGIC.getBytes(StandardCharsets.US_ASCII));
        return out.toByteArray();
    }

    private static byte[] bytes(SeekableInputStream in, long from, int count) throws IOException {
        byte[] bytes = new byte[count];
        in.seek(from);
        in.readFully(bytes);
        return bytes;
    }

    @Override
    public long getLength() {
        return kept + footer.length;
    }

    @Override
    public SeekableInputStream newStream() throws IOException {
        Bytes bytes = new Bytes(file.newStream());
        return new DelegatingSeekableInputStream(bytes) {
            @Override
            public long getPos() {
                return bytes.at;
            }

            @Override
            public void seek(long position) throws IOException {
                bytes.seek(position);
            }
        };
    }

    @Override
    public String toString() {
        return file.toString();
    }

    /** The file's own bytes, then the other footer. */
    private final class Bytes extends InputStream {

        private final SeekableInputStream own;
        private long at;

        Bytes(SeekableInputStream own) {
            this.own = own;
        }

        void seek(long position) throws IOException {
            if (position < kept) {
                own.seek(position);
            }
            at = position;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            int count;
            if (at < kept) {
                count = own.read(into, from, (int) Math.min(length, kept - at));
            } else {
                count = (int) Math.min(length, getLength() - at);
                if (count <= 0) {
                    return length == 0 ? 0 : -1;
                }
                System.arraycopy(footer, (int) (at - kept), into, from, count);
            }
            at += Math.max(count, 0);
            return count;
        }

        @Override
        public void close() throws IOException {
            own.close();
        }
    }
}
