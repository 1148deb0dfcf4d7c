package org.fednano.runstore;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.Path;
import org.fednano.digest.Sha256;
import org.fednano.files.Lease;
import org.fednano.files.RunFiles;

/**
 * Copies of published metric files in the run folder, under names that hold what they are and their SHA-256, such as
 * {@code evaluations-part-test-….parquet}: what the tables are compared with, and what is published again if they are
 * damaged. A name that holds the checksum needs no other file to be true, whoever writes beside it.
 */
public final class KeptRows {

    private static final Pattern NAME = Pattern.compile("([a-z]+)-(part-.+)-([0-9a-f]{64})\\.parquet");
    private static final String ENDING = ".parquet";

    private final RunFiles files;
    private final Path folder;

    public KeptRows(RunFiles files, Path folder) {
        this.files = files;
        this.folder = folder;
    }

    /**
     * One copy.
     *
     * @param path where it lies
     * @param table table it belongs to
     * @param name file name in METRICS
     * @param sha256 SHA-256 that its bytes must have
     */
    public record Kept(Path path, String table, String name, String sha256) {}

    /** The place of a copy, whether it is there or not. */
    public Kept place(String table, String name, String sha256) {
        String stem = name.substring(0, name.length() - ENDING.length());
        return new Kept(new Path(folder, table + "-" + stem + "-" + sha256 + ENDING), table, name, sha256);
    }

    /** What a file's name says; empty if it is no copy's. */
    public Optional<Kept> parse(String fileName) {
        Matcher parts = NAME.matcher(fileName);
        return parts.matches()
                ? Optional.of(
                        new Kept(new Path(folder, fileName), parts.group(1), parts.group(2) + ENDING, parts.group(3)))
                : Optional.empty();
    }

    /** All copies, sorted by name. */
    public List<Kept> list() throws IOException {
        List<Kept> kept = new ArrayList<>();
        for (String name : files.list(folder)) {
            parse(name).ifPresent(kept::add);
        }
        return kept;
    }

    /** Keeps a file's bytes; nothing happens if they are kept already. */
    Kept keep(String table, String name, byte[] content) throws IOException {
        Kept kept = place(table, name, Sha256.of(content));
        files.cleanTemporaries(folder, Lease.Timing.DEFAULT.timeout().toMillis());
        files.publish(kept.path(), content);
        return kept;
    }

    /** Removes what was kept of the same file before. */
    void forgetBefore(Kept now) throws IOException {
        for (Kept other : list()) {
            if (other.table().equals(now.table())
                    && other.name().equals(now.name())
                    && !other.path().equals(now.path())) {
                files.delete(other.path());
            }
        }
    }
}
