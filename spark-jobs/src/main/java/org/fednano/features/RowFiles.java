package org.fednano.features;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.digest.Sha256;
import org.fednano.sample.Split;
import org.fednano.shards.ShardPaths;

/** What tells the files of a segment's rows from those of another time. */
final class RowFiles {

    private static final int BUFFER = 1 << 17; // bytes

    private final FileSystem files;
    private final Path rows;
    private String listing;
    private String content;

    /** Of all splits below a folder. */
    RowFiles(FileSystem files, Path rows) {
        this.files = files;
        this.rows = rows;
    }

    /** A digest over names, lengths and times: cheap, and another one for a copy. */
    String listing() {
        if (listing == null) {
            StringBuilder text = new StringBuilder();
            for (Split split : Split.values()) {
                for (FileStatus file : ShardPaths.parquetFiles(files, ShardPaths.split(rows, split))) {
                    text.append(name(split, file)).append(' ').append(file.getModificationTime());
                    text.append('\n');
                }
            }
            listing = Sha256.of(text.toString().getBytes(StandardCharsets.UTF_8));
        }
        return listing;
    }

    /** A digest over names, lengths and bytes: reads all files, and is the same for a copy. */
    String content() {
        if (content == null) {
            MessageDigest digest = Sha256.begin();
            for (Split split : Split.values()) {
                for (FileStatus file : ShardPaths.parquetFiles(files, ShardPaths.split(rows, split))) {
                    digest.update((name(split, file) + '\n').getBytes(StandardCharsets.UTF_8));
                    add(digest, file.getPath());
                }
            }
            content = Sha256.end(digest);
        }
        return content;
    }

    private static String name(Split split, FileStatus file) {
        return split.text() + '/' + file.getPath().getName() + ' ' + file.getLen();
    }

    private void add(MessageDigest digest, Path file) {
        byte[] buffer = new byte[BUFFER];
        try (FSDataInputStream in = files.open(file)) {
            for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Reading " + file + ": " + e.getMessage(), e);
        }
    }
}
