package org.fednano.llm.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.fednano.sample.Features;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Features in files, in a folder of its own that only this user may read. While it is used, a file in it is locked; a killed
 * process has lost its lock, so that the next one can tell its folder from others' and remove it.
 */
final class SpillFolder implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SpillFolder.class);

    /** A file: x (T, H) float32 little-endian, then modality (T) as bytes. */
    record Spilled(Path file, int tokens, int hidden) {}

    private static final String PREFIX = "fednano-features-";
    private static final String LOCK = "lock";

    /** Of this process: closing any channel to a locked file gives up the lock, so these are not even looked at. */
    private static final Set<Path> OWN = new HashSet<>();

    private final Path parent;
    private Path folder;
    private FileChannel lock;
    private long next;

    /** @param parent null: Java's place for temporary files */
    SpillFolder(Path parent) {
        this.parent = parent == null ? Path.of(System.getProperty("java.io.tmpdir")) : parent;
    }

    /** Makes the folder, and removes those that killed processes left beside it. */
    void open() throws IOException {
        synchronized (OWN) {
            folder = locked(Files.createTempDirectory(parent.toRealPath(), PREFIX));
            OWN.add(folder);
            try (DirectoryStream<Path> others = Files.newDirectoryStream(folder.getParent(), PREFIX + "*")) {
                for (Path other : others) {
                    if (!OWN.contains(other)) {
                        removeIfLeft(other);
                    }
                }
            } catch (IOException | DirectoryIteratorException e) {
                LOG.warn("Folders of features that killed processes left cannot be looked for: {}", e.toString());
            }
        }
    }

    private Path locked(Path made) throws IOException {
        try {
            lock = FileChannel.open(made.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            // Between the two another process may have taken it for one that was left.
            if (lock.tryLock() == null || !Files.exists(made.resolve(LOCK))) {
                throw new IOException(made + " was removed by another process while it was made");
            }
            return made;
        } catch (IOException e) {
            if (lock != null) {
                lock.close();
            }
            Files.deleteIfExists(made.resolve(LOCK));
            Files.deleteIfExists(made);
            throw e;
        }
    }

    private void removeIfLeft(Path other) {
        try {
            // In a place that everybody may write to, another user's folder could be made to point anywhere.
            if (!Files.isDirectory(other, LinkOption.NOFOLLOW_LINKS)
                    || !Files.getOwner(other, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(folder))
                    || !Files.isRegularFile(other.resolve(LOCK), LinkOption.NOFOLLOW_LINKS)) {
                return;
            }
            try (FileChannel channel = FileChannel.open(other.resolve(LOCK), StandardOpenOption.WRITE)) {
                if (channel.tryLock() != null) {
                    remove(other);
                    LOG.info("Removed {}: features that a killed process left", other);
                }
            }
        } catch (NoSuchFileException e) {
            LOG.debug("{} was removed by another process: {}", other, e.toString());
        } catch (IOException e) {
            LOG.warn("Features that a killed process left in {} cannot be deleted: {}", other, e.toString());
        }
    }

    /** The lock last, so that what an interrupted removal leaves can still be told. */
    private static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.sorted(Comparator.comparing(f -> f.endsWith(LOCK))).toList()) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(folder);
    }

    Spilled write(Features features) throws IOException {
        if (folder == null) {
            open();
        }
        Path file = folder.resolve(Long.toString(next++));
        ByteBuffer bytes = ByteBuffer.allocate(features.x().length * Float.BYTES + features.tokens())
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(features.x());
        bytes.position(features.x().length * Float.BYTES).put(features.modality());
        try {
            Files.write(file, bytes.array());
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
        return new Spilled(file, features.tokens(), features.hidden());
    }

    /** Null if the file is gone, or is not any more what its name says. */
    Features read(Spilled spilled, String id) {
        int tokens = spilled.tokens();
        float[] x = new float[tokens * spilled.hidden()];
        byte[] modality = new byte[tokens];
        try {
            ByteBuffer bytes =
                    ByteBuffer.wrap(Files.readAllBytes(spilled.file())).order(ByteOrder.LITTLE_ENDIAN);
            if (bytes.remaining() != x.length * Float.BYTES + tokens) {
                return null;
            }
            bytes.asFloatBuffer().get(x);
            bytes.position(x.length * Float.BYTES).get(modality);
        } catch (IOException e) {
            LOG.warn("Features on disk cannot be read: {}", e.toString());
            return null;
        }
        Features read = Features.of(x, modality, spilled.hidden());
        return read.id().equals(id) ? read : null;
    }

    void delete(Spilled spilled) {
        try {
            Files.deleteIfExists(spilled.file());
        } catch (IOException e) {
            LOG.warn("A file of features cannot be deleted: {}", e.toString());
        }
    }

    @Override
    public void close() {
        if (folder == null) {
            return;
        }
        synchronized (OWN) {
            try {
                remove(folder);
                lock.close();
            } catch (IOException e) {
                LOG.warn("The folder of features cannot be deleted: {}", e.toString());
            }
            OWN.remove(folder);
        }
        folder = null;
    }
}
