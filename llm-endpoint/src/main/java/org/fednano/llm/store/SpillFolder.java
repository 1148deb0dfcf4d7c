package org.fednano.llm.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.fednano.sample.Features;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Features in files, in a folder that only this user may read, made with the first of them. */
final class SpillFolder implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SpillFolder.class);

    /** A file: x (T, H) float32 little-endian, then modality (T) as bytes. */
    record Spilled(Path file, int tokens, int hidden) {}

    private final Path parent;
    private Path folder;
    private long next;

    /** @param parent null: Java's place for temporary files */
    SpillFolder(Path parent) {
        this.parent = parent;
    }

    Spilled write(Features features) throws IOException {
        if (folder == null) {
            folder = parent == null
                    ? Files.createTempDirectory("fednano-features-")
                    : Files.createTempDirectory(parent, "fednano-features-");
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
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            LOG.warn("The folder of features cannot be deleted: {}", e.toString());
        }
        folder = null;
    }
}
