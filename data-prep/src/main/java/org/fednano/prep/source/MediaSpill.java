package org.fednano.prep.source;

import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/**
 * Keeps media that came inside records until their shards are written: one file per task, since a shard's rows come from
 * many places of the raw data and reading a table once per shard would cost far more. Each attempt of a task writes a
 * file of its own.
 */
final class MediaSpill implements AutoCloseable {

    private final String folder;
    private final Configuration hadoop;
    private Path file;
    private FSDataOutputStream out;

    /** @param folder URI, created with the first medium; null to keep nothing */
    MediaSpill(String folder, Configuration hadoop) {
        this.folder = folder;
        this.hadoop = hadoop;
    }

    RawMedium add(String modality, byte[] bytes) throws IOException {
        if (folder == null) {
            return new RawMedium(modality, "", 0, bytes.length);
        }
        if (out == null) {
            file = new Path(folder, UUID.randomUUID().toString());
            out = file.getFileSystem(hadoop).create(file, false);
        }
        long offset = out.getPos();
        out.write(bytes);
        return new RawMedium(modality, file.toString(), offset, bytes.length);
    }

    @Override
    public void close() throws IOException {
        if (out != null) {
            out.close();
        }
    }
}
