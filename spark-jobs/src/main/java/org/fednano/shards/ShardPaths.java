package org.fednano.shards;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.sample.Split;

/** Where things lie in a shards folder. */
public final class ShardPaths {

    private ShardPaths() {}

    static Path manifest(String shards) {
        return new Path(shards, "manifest.json");
    }

    static Path client(String shards, String clientId) {
        return new Path(shards, "clients/client_id=" + clientId);
    }

    public static Path split(Path segment, Split split) {
        return new Path(segment, "split=" + split.text());
    }

    public static Path features(String cache, String fingerprint) {
        return new Path(cache, "features/" + fingerprint);
    }

    /** Whether a name is that of a Parquet file with rows; names that begin with {@code .} or {@code _} are not. */
    static boolean isRows(Path file) {
        String name = file.getName();
        return name.endsWith(".parquet") && !name.startsWith(".") && !name.startsWith("_");
    }

    /** Parquet files of a folder by name; none if the folder is not there. */
    public static List<FileStatus> parquetFiles(FileSystem files, Path folder) {
        try {
            return Arrays.stream(files.listStatus(folder, ShardPaths::isRows))
                    .sorted(Comparator.comparing(f -> f.getPath().getName()))
                    .toList();
        } catch (FileNotFoundException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException("Listing " + folder + ": " + e.getMessage(), e);
        }
    }
}
