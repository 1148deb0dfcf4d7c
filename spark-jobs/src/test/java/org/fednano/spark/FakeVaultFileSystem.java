package org.fednano.spark;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * For tests: local files under the scheme {@code vault}, where the folder of each owner opens with that owner's key alone.
 * All owners have one scheme and no host, as buckets of one store behind different accounts may have.
 */
public final class FakeVaultFileSystem extends RawLocalFileSystem {

    static final String IMPLEMENTATION = "fs.vault.impl";
    static final String KEY = "fs.vault.secret.key";

    /** Key by folder. */
    public static final Map<String, String> KEYS = new ConcurrentHashMap<>();

    /** A folder that never answers. */
    public static volatile String silent = "";

    public static final AtomicInteger OPEN = new AtomicInteger();

    private String key;

    @Override
    public URI getUri() {
        return URI.create("vault:///");
    }

    @Override
    public String getScheme() {
        return "vault";
    }

    @Override
    public void initialize(URI uri, Configuration conf) throws IOException {
        super.initialize(uri, conf);
        key = conf.get(KEY, "");
        OPEN.incrementAndGet();
    }

    @Override
    public FSDataInputStream open(org.apache.hadoop.fs.Path file, int bufferSize) throws IOException {
        check(file);
        return super.open(file, bufferSize);
    }

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path file) throws IOException {
        check(file);
        return super.listStatus(file);
    }

    private void check(org.apache.hadoop.fs.Path file) throws IOException {
        if (!silent.isEmpty() && file.toUri().getPath().startsWith(silent)) {
            try {
                Thread.sleep(600_000);
            } catch (InterruptedException e) {
                throw new InterruptedIOException("interrupted");
            }
        }
        for (Map.Entry<String, String> owner : KEYS.entrySet()) {
            if (file.toUri().getPath().startsWith(owner.getKey())
                    && !owner.getValue().equals(key)) {
                throw new IOException("Access denied to " + file + " with key " + key); // as careless as stores are
            }
        }
    }

    @Override
    public void close() throws IOException {
        super.close();
        OPEN.decrementAndGet();
    }

    /** Its URI for a local folder. */
    public static String uri(Path folder) {
        assert Files.isDirectory(folder);
        return "vault://" + folder.toAbsolutePath();
    }
}
