package org.fednano.ml;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.fednano.settings.JobException;

/** Model folders at any URI that Hadoop reads; weights are mapped from local files. */
final class ModelFolders {

    private ModelFolders() {}

    /** The URI with scheme and whole path: what a transformer that is loaded elsewhere can still read. */
    static String qualified(String uri, Configuration conf) {
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(uri);
        if (path.toUri().getScheme() == null) {
            return Path.of(uri).toAbsolutePath().normalize().toUri().toString().replaceAll("/$", "");
        }
        try {
            return path.getFileSystem(conf).makeQualified(path).toString();
        } catch (IOException e) {
            throw unreadable(uri, e);
        }
    }

    /**
     * Uses a folder as a local one: in its place, or as a copy that is gone afterwards.
     *
     * @param uri without a scheme it is a local folder
     * @throws JobException with status 3 if it cannot be read
     */
    static <T> T local(String uri, Configuration conf, Function<Path, T> use) {
        org.apache.hadoop.fs.Path folder = new org.apache.hadoop.fs.Path(uri);
        String scheme = folder.toUri().getScheme();
        if (scheme == null) {
            return use.apply(Path.of(uri));
        }
        if (scheme.equals("file")) {
            return use.apply(Path.of(folder.toUri().getPath()));
        }
        Path copy;
        try {
            copy = Files.createTempDirectory("fednano-model-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            copy(folder, conf, copy);
            return use.apply(copy);
        } catch (IOException e) {
            throw unreadable(uri, e);
        } finally {
            delete(copy);
        }
    }

    private static void copy(org.apache.hadoop.fs.Path folder, Configuration conf, Path target) throws IOException {
        FileSystem files = folder.getFileSystem(conf);
        for (FileStatus file : files.listStatus(folder)) {
            if (file.isFile()) {
                try (var in = files.open(file.getPath())) {
                    Files.copy(in, target.resolve(file.getPath().getName()));
                }
            }
        }
    }

    private static JobException unreadable(String uri, IOException e) {
        return JobException.badInput(
                "modelDir must be a folder that this process can read: '" + uri + "' cannot be read (" + e.getMessage()
                        + ").",
                e);
    }

    private static void delete(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Deleting " + folder + ": " + e, e);
        }
    }
}
