package org.fednano.prep;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.fednano.prep.Reject.Reason;
import org.fednano.rows.Values;

/** The files of a raw data set as a task on an executor reads them; an index file stays open from record to record. */
final class RawFiles implements AutoCloseable {

    private final RawPlaces places;
    private final SafeFolder source;
    private final Configuration hadoop;
    private final MediaFiles media;
    private String openName;
    private FSDataInputStream open;

    RawFiles(RawPlaces places, Configuration hadoop) throws IOException {
        this.places = places;
        this.source = new SafeFolder(places.source(), hadoop);
        this.hadoop = hadoop;
        this.media = new MediaFiles(places, hadoop);
    }

    MediaFiles media() {
        return media;
    }

    Configuration hadoop() {
        return hadoop;
    }

    FileStatus index(String name) throws IOException {
        try {
            return source.file(name);
        } catch (Bad e) {
            throw new IOException("The index file changed while it was read: " + e.getMessage(), e);
        }
    }

    /**
     * The text of a JSON record.
     *
     * @throws Bad if there is none, it is longer than {@code prepare.max_record_bytes}, or it is no UTF-8
     */
    String text(RawSpan span) throws Bad, IOException {
        if (span.length() == RawSpan.NOWHERE) {
            throw new Bad(
                    Reason.MISSING_RECORD,
                    JsonIndex.SPLITS + " lists it under " + span.listedSplits() + ", " + span.file()
                            + " has no such problem");
        }
        if (span.length() > places.maxRecordBytes()) {
            throw new Bad(
                    Reason.RECORD_TOO_LARGE,
                    "at most prepare.max_record_bytes = " + places.maxRecordBytes() + " bytes: found " + span.length());
        }
        byte[] bytes = new byte[(int) span.length()];
        FSDataInputStream in = stream(span.file());
        in.seek(span.offset()); // spans come in order; reading at a position would open the file anew for each
        in.readFully(bytes);
        String text = Values.utf8(bytes)
                .orElseThrow(() ->
                        new Bad(Reason.BROKEN_ENCODING, "its bytes are no UTF-8; convert the file, as with iconv"));
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    private FSDataInputStream stream(String name) throws IOException {
        if (!name.equals(openName)) {
            closeIndex();
            FileSystem files = source.files();
            open = files.open(index(name).getPath());
            openName = name;
        }
        return open;
    }

    private void closeIndex() throws IOException {
        openName = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void close() throws IOException {
        try {
            closeIndex();
        } finally {
            media.close();
        }
    }
}
