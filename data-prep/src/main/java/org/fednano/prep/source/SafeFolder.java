package org.fednano.prep.source;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A folder of raw data that nothing is read outside of: names that records give may hold any letter, quotes and line
 * ends, but no way up, and no symbolic link may lead out.
 */
final class SafeFolder {

    private final Path root;
    private final FileSystem files;
    /** The folder itself without links; null on file systems that have none. */
    private final java.nio.file.Path real;

    /** @throws IOException if the folder is not there */
    SafeFolder(String folder, Configuration hadoop) throws IOException {
        Path given = new Path(folder);
        this.files = given.getFileSystem(hadoop);
        this.root = files.makeQualified(given);
        this.real = "file".equals(files.getUri().getScheme())
                ? real(java.nio.file.Path.of(root.toUri().getPath()))
                : null;
    }

    FileSystem files() {
        return files;
    }

    Path root() {
        return root;
    }

    /** A regular file below the folder: the one that was looked at, wherever its name may lead later. */
    sealed interface Found {

        /** Bytes. */
        long length();

        /** All of them. */
        byte[] bytes() throws IOException;
    }

    /** Read without Hadoop's file system, whose checks and checksums cost several times what a small image does. */
    private record Local(java.nio.file.Path file, long length) implements Found {
        @Override
        public byte[] bytes() throws IOException {
            byte[] bytes = new byte[Math.toIntExact(length)];
            try (InputStream in = Files.newInputStream(file)) {
                if (in.readNBytes(bytes, 0, bytes.length) < bytes.length) {
                    throw new EOFException(file + " became shorter than " + length + " bytes");
                }
            }
            return bytes;
        }
    }

    private record Remote(FileSystem files, FileStatus status) implements Found {
        @Override
        public long length() {
            return status.getLen();
        }

        @Override
        public byte[] bytes() throws IOException {
            byte[] bytes = new byte[Math.toIntExact(status.getLen())];
            try (var in = files.open(status.getPath())) {
                in.readFully(bytes);
            }
            return bytes;
        }
    }

    /**
     * The file of a name.
     *
     * @param name path below this folder, as a record gives it
     * @throws RecordRejected if it leads, or could lead, out of the folder
     * @throws FileNotFoundException if there is no such regular file
     */
    Found find(String name) throws RecordRejected, IOException {
        if (real == null) {
            return new Remote(files, file(name));
        }
        return target(name);
    }

    /** The same as Hadoop's file systems know it. */
    FileStatus file(String name) throws RecordRejected, IOException {
        if (real != null) {
            target(name);
        } else {
            refuseUnsafe(name);
        }
        // Three parts: a colon or a percent sign in a name is no scheme and no escape.
        FileStatus status = files.getFileStatus(new Path(root, new Path(null, null, name)));
        if (!status.isFile()) {
            throw new FileNotFoundException(name);
        }
        return status;
    }

    /** Where a name leads to on a local disk, links followed. */
    private Local target(String name) throws RecordRejected, IOException {
        refuseUnsafe(name);
        java.nio.file.Path target = real(local(name));
        if (!target.startsWith(real)) {
            throw new RecordRejected(
                    RejectReason.UNSAFE_PATH,
                    "a symbolic link leads from " + name
                            + " out of the data set's folder; copy the file into it, or"
                            + " name the folder that holds it with prepare.media_root");
        }
        BasicFileAttributes is = Files.readAttributes(target, BasicFileAttributes.class);
        if (!is.isRegularFile()) { // a named pipe would never end
            throw new FileNotFoundException(name);
        }
        return new Local(target, is.size());
    }

    private static void refuseUnsafe(String name) throws RecordRejected {
        boolean up = List.of(name.split("/", -1)).contains("..");
        if (name.isBlank() || name.startsWith("/") || up || name.indexOf(0) >= 0 || name.contains("://")) {
            throw new RecordRejected(
                    RejectReason.UNSAFE_PATH,
                    "a file's name must be a path below the data set's folder, without '..', root or scheme: found '"
                            + name + "'");
        }
    }

    /** @throws IOException if this JVM has no letters for the name, so that a file that is there would count as missing */
    private java.nio.file.Path local(String name) throws IOException {
        try {
            return real.resolve(name);
        } catch (InvalidPathException e) {
            if (!"UTF-8".equalsIgnoreCase(System.getProperty("sun.jnu.encoding"))) {
                throw new IOException(
                        "file names with other letters than ASCII need a JVM that runs with LC_ALL=C.UTF-8 or another UTF-8"
                                + " locale: found " + System.getProperty("sun.jnu.encoding") + ", and '" + name + "'",
                        e);
            }
            throw new FileNotFoundException(name + " (" + e.getReason() + ")");
        }
    }

    private static java.nio.file.Path real(java.nio.file.Path path) throws IOException {
        try {
            return path.toRealPath();
        } catch (AccessDeniedException e) {
            throw e;
        } catch (FileSystemException e) { // none there, a name that is too long, links in a circle
            throw new FileNotFoundException(e.getMessage());
        }
    }
}
