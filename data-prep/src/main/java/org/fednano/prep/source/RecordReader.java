package org.fednano.prep.source;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.fednano.rows.Values;

/** Reads the records of ranges, in a task; an index file stays open from record to record. */
public final class RecordReader implements AutoCloseable {

    private final SourceConfig config;
    private final SafeFolder source;
    private final Configuration hadoop;
    private final Set<String> columns;
    private String openName;
    private FSDataInputStream open;

    /** @param columns those of Parquet files that are read */
    public RecordReader(SourceConfig config, Configuration hadoop, Set<String> columns) throws IOException {
        this.config = config;
        this.source = new SafeFolder(config.source(), hadoop);
        this.hadoop = hadoop;
        this.columns = columns;
    }

    /** The records of a range, one by one. */
    public interface Records extends AutoCloseable {

        /** Returns the next record, or null after the last one. */
        RawRecord next() throws IOException;

        @Override
        void close() throws IOException;
    }

    /** Opens a range; the one before must be closed. */
    public Records read(RecordRange range) throws IOException {
        return range.layout() == RecordRange.Layout.ROW_GROUP
                ? ParquetRecords.open(range, index(range.file()), hadoop, columns::contains)
                : new JsonRecords(locate(range));
    }

    private final class JsonRecords implements Records {

        private final Queue<RecordLocation> locations;

        private JsonRecords(Queue<RecordLocation> locations) {
            this.locations = locations;
        }

        @Override
        public RawRecord next() throws IOException {
            RecordLocation next = locations.poll();
            return next == null ? null : record(next);
        }

        @Override
        public void close() {
            locations.clear();
        }
    }

    private Queue<RecordLocation> locate(RecordRange range) throws IOException {
        Queue<RecordLocation> found = new ArrayDeque<>();
        if (range.layout() == RecordRange.Layout.MISSING) {
            range.listed()
                    .forEach((id, splits) ->
                            found.add(new RecordLocation(range.file(), 0, RecordLocation.NOWHERE, 0, id, splits)));
            return found;
        }
        FSDataInputStream in = stream(range.file());
        in.seek(range.offset());
        InputStream part = new Part(in, range.length());
        if (range.layout() == RecordRange.Layout.LINES) {
            LineIndex.scan(
                    part,
                    range.offset(),
                    range.number(),
                    (from, to, number) ->
                            found.add(new RecordLocation(range.file(), from, to - from, number, null, "")));
        } else {
            JsonIndex.locate(range, part, found::add);
        }
        return found;
    }

    private RawRecord record(RecordLocation at) throws IOException {
        String source = at.source();
        String id = at.id() == null ? source : at.id();
        String text = null;
        try {
            text = text(at);
            return new RawRecord(source, id, at.listedSplits(), JsonRecord.parse(text), null, text);
        } catch (RecordRejected broken) {
            return new RawRecord(source, id, at.listedSplits(), null, broken, text);
        }
    }

    private String text(RecordLocation at) throws RecordRejected, IOException {
        if (at.length() == RecordLocation.NOWHERE) {
            throw new RecordRejected(
                    RejectReason.MISSING_RECORD,
                    JsonIndex.SPLITS + " lists it under " + at.listedSplits() + ", " + at.file()
                            + " has no such problem");
        }
        if (at.length() > config.maxRecordBytes()) {
            throw new RecordRejected(
                    RejectReason.RECORD_TOO_LARGE,
                    "at most prepare.max_record_bytes = " + config.maxRecordBytes() + " bytes: found " + at.length());
        }
        byte[] bytes = new byte[(int) at.length()];
        FSDataInputStream in = stream(at.file());
        in.seek(at.offset()); // records come in order; reading at a position would open the file anew for each
        in.readFully(bytes);
        String text = Values.utf8(bytes)
                .orElseThrow(() -> new RecordRejected(
                        RejectReason.BROKEN_ENCODING, "its bytes are no UTF-8; convert the file, as with iconv"));
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    private FileStatus index(String name) throws IOException {
        try {
            return source.file(name);
        } catch (RecordRejected e) {
            throw new IOException("The index file changed while it was read: " + e.getMessage(), e);
        }
    }

    private FSDataInputStream stream(String name) throws IOException {
        if (!name.equals(openName)) {
            close();
            open = source.files().open(index(name).getPath());
            openName = name;
        }
        return open;
    }

    @Override
    public void close() throws IOException {
        openName = null;
        if (open != null) {
            open.close();
        }
    }

    /** The next bytes of a stream, which stays open. */
    private static final class Part extends FilterInputStream {

        private long left;

        private Part(InputStream in, long length) {
            super(in);
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            int b = left > 0 ? in.read() : -1;
            left -= b < 0 ? 0 : 1;
            return b;
        }

        @Override
        public int read(byte[] target, int from, int count) throws IOException {
            int n = left > 0 ? in.read(target, from, (int) Math.min(count, left)) : -1;
            left -= Math.max(0, n);
            return n;
        }

        @Override
        public void close() {
            left = 0;
        }
    }
}
