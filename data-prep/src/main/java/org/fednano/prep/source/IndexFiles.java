package org.fednano.prep.source;

import java.io.BufferedInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RemoteIterator;
import org.fednano.digest.Sha256;
import org.fednano.settings.JobException;

/** The index files of a raw data set, on the driver; all that is read of them makes its fingerprint. */
public final class IndexFiles {

    private static final int BUFFER = 1 << 18;

    private final String source;
    private final Configuration hadoop;
    private final SafeFolder folder;
    private final MessageDigest digest = Sha256.begin();

    /** @throws JobException with status 3 if the folder is missing */
    public IndexFiles(String source, Configuration hadoop) throws IOException {
        this.source = source;
        this.hadoop = hadoop;
        try {
            this.folder = new SafeFolder(source, hadoop);
        } catch (FileNotFoundException e) {
            throw JobException.badInput(
                    "prepare.source must be the folder of a raw data set in the layout of prepare.format: found none at "
                            + source + ". Set prepare.source to such a folder; `fednano generate` makes one.",
                    e);
        }
    }

    /** The folder as given, for messages. */
    String source() {
        return source;
    }

    Configuration hadoop() {
        return hadoop;
    }

    boolean exists(String name) throws IOException {
        try {
            return file(name) != null;
        } catch (FileNotFoundException e) {
            return false;
        }
    }

    /**
     * An index file of that name.
     *
     * @throws JobException with status 3 if it lies outside the folder
     */
    FileStatus file(String name) throws IOException {
        try {
            return folder.file(name);
        } catch (RecordRejected e) {
            throw JobException.badInput(
                    "Index files must lie in prepare.source = " + source + ": " + e.getMessage() + ".", e);
        }
    }

    /** Reads one index file, which must be there; closing reads the rest of it into the fingerprint. */
    InputStream open(String name) throws IOException {
        FileStatus file = file(name);
        InputStream in = new DigestInputStream(folder.files().open(file.getPath()), digest) {
            private boolean closed;

            @Override
            public void close() throws IOException {
                if (closed) {
                    return;
                }
                closed = true;
                try {
                    transferTo(OutputStream.nullOutputStream());
                } finally {
                    super.close();
                }
            }
        };
        return new BufferedInputStream(in, BUFFER);
    }

    /** Lets something that is not the bytes of an opened file count in the fingerprint. */
    void count(byte[] bytes) {
        Digests.add(digest, bytes);
    }

    /** Lets a Parquet file's length and footer count in the fingerprint. */
    void countFooter(FileStatus file) throws IOException {
        byte[] end = new byte[8]; // length of the footer, little-endian, and a magic word
        try (FSDataInputStream in = folder.files().open(file.getPath())) {
            in.readFully(file.getLen() - end.length, end);
            byte[] footer =
                    new byte[ByteBuffer.wrap(end).order(ByteOrder.LITTLE_ENDIAN).getInt()];
            in.readFully(file.getLen() - end.length - footer.length, footer);
            count(ByteBuffer.allocate(Long.BYTES).putLong(file.getLen()).array());
            count(footer);
        }
    }

    /** SHA-256 over everything that was read, hexadecimal; ends the reading. */
    String fingerprint() {
        return Sha256.end(digest);
    }

    /**
     * The index files to read: the named ones, or those in the folder itself whose names end in one of the suffixes, in
     * the order of their names. Names pass one by one, so that a million other files in the folder cost no memory.
     *
     * @throws JobException with status 3 if there is none
     */
    List<String> choose(List<String> named, List<String> suffixes) throws IOException {
        if (!named.isEmpty()) {
            for (String name : named) {
                require(name, suffixes);
            }
            return named;
        }
        List<String> found = new ArrayList<>();
        list(name -> {
            if (!name.startsWith(".")
                    && !name.startsWith("_")
                    && suffixes.stream().anyMatch(name::endsWith)) {
                found.add(name);
            }
        });
        if (found.isEmpty()) {
            throw JobException.badInput("prepare.source must hold files whose names end in " + suffixes
                    + ": found none in " + source + ". Name them, as paths below it, with prepare.files.");
        }
        found.sort(null);
        return found;
    }

    private void require(String name, List<String> suffixes) throws IOException {
        if (suffixes.stream().noneMatch(name::endsWith)) {
            throw JobException.usage("prepare.files must name files that end in one of " + suffixes + ": found " + name
                    + ". Rename or convert the file, or set another prepare.format.");
        }
        if (!exists(name)) {
            throw JobException.badInput("prepare.files must name files below prepare.source = " + source + ": found no "
                    + name + " there.");
        }
    }

    private interface Names {
        void found(String name) throws IOException;
    }

    private void list(Names names) throws IOException {
        if (folder.files().getUri().getScheme().equals("file")) {
            // Hadoop's local file system makes an array of everything, with a status each.
            java.nio.file.Path local =
                    java.nio.file.Path.of(folder.root().toUri().getPath());
            try (DirectoryStream<java.nio.file.Path> all = Files.newDirectoryStream(local)) {
                for (Iterator<java.nio.file.Path> i = all.iterator(); i.hasNext(); ) {
                    names.found(i.next().getFileName().toString());
                }
            }
            return;
        }
        RemoteIterator<FileStatus> all = folder.files().listStatusIterator(folder.root());
        while (all.hasNext()) {
            names.found(all.next().getPath().getName());
        }
    }
}
