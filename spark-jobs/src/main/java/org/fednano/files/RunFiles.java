package org.fednano.files;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.process.ProcessMark;

/**
 * The few file operations that the run store's promises rest on, for one file system. A name that others read appears
 * whole or not at all: content is written under a temporary name and then published in one step.
 */
public abstract class RunFiles {

    /** Start of temporary names; readers of Parquet folders skip names that begin with a dot. */
    public static final String TEMPORARY = ".tmp-";

    protected final FaultInjector hook;

    protected RunFiles(FaultInjector hook) {
        this.hook = hook;
    }

    /** The operations for the file system that {@code path} lies on. */
    public static RunFiles of(Path path, Configuration hadoop, FaultInjector hook) throws IOException {
        FileSystem fs = path.getFileSystem(hadoop);
        return switch (fs.getScheme()) {
            case "file" -> new LocalFiles(hook);
            case "hdfs" -> new HdfsFiles(fs, hadoop, hook);
            default -> new ObjectFiles(fs, hook);
        };
    }

    /** Whether a file or folder is there. */
    public abstract boolean exists(Path path) throws IOException;

    /** Names in a folder, sorted; none if there is no such folder. */
    public abstract List<String> list(Path folder) throws IOException;

    /** A whole file. */
    public abstract byte[] read(Path file) throws IOException;

    /**
     * Writes a new file, with its folder if need be, and returns when it is durable. A kill may leave half of it, so the
     * name must be one that nobody reads yet.
     */
    public abstract void write(Path file, byte[] content) throws IOException;

    /**
     * Gives a name to a whole file, unless it is taken.
     *
     * @return whether this call published it; of several racing calls exactly one does (object stores: see
     *     {@link ObjectFiles})
     */
    public abstract boolean publish(Path target, byte[] content) throws IOException;

    /** Gives a name to a whole file; who reads it sees the old content or the new one. */
    public abstract void replace(Path target, byte[] content) throws IOException;

    /**
     * Moves a finished folder to its name, unless that is taken.
     *
     * @param last name of the file in it that makes it count; where folders cannot move in one step it goes last
     * @return whether this call published it; of several racing calls exactly one does
     */
    public abstract boolean publishFolder(Path staged, Path target, String last) throws IOException;

    /** Removes a file, or a folder with all in it; nothing happens if it is not there. */
    public abstract void delete(Path path) throws IOException;

    /**
     * When a file was written, in milliseconds by the clock of the file system; empty if there is no such file. One
     * question, not "is it there" and then "how old": between the two another writer may remove it.
     */
    public abstract OptionalLong modifiedMillis(Path file) throws IOException;

    /**
     * The time now by the clock of the file system, so that hosts with different clocks agree on how old a file is.
     *
     * @param folder where a file may be written for a moment
     */
    final long nowMillis(Path folder) throws IOException {
        Path probe = temporary(new Path(folder, "now"));
        write(probe, new byte[0]);
        try {
            return modifiedMillis(probe).orElseThrow(() -> new FileNotFoundException(probe.toString()));
        } finally {
            delete(probe);
        }
    }

    /** Removes temporary files that killed processes left in a folder; young ones of others may still be in use. */
    public final void cleanTemporaries(Path folder, long olderThanMillis) throws IOException {
        List<String> names = new ArrayList<>(
                list(folder).stream().filter(n -> n.startsWith(TEMPORARY)).toList());
        for (String name : names.stream().filter(ProcessMark::isOfDead).toList()) {
            delete(new Path(folder, name));
            names.remove(name);
        }
        if (names.isEmpty()) {
            return;
        }
        long now = nowMillis(folder);
        for (String name : names) {
            Path file = new Path(folder, name);
            OptionalLong modified = modifiedMillis(file);
            if (modified.isPresent() && now - modified.getAsLong() > olderThanMillis) {
                delete(file);
            }
        }
    }

    /** A name beside {@code target} that nobody else uses. */
    static Path temporary(Path target) {
        return new Path(
                target.getParent(),
                TEMPORARY + target.getName() + "-" + ProcessMark.here().text() + UUID.randomUUID());
    }
}
