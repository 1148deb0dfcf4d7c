package org.fednano.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.sample.Split;

/** Where things lie in a shards folder. */
final class ShardPaths {

    private ShardPaths() {}

    static Path manifest(String shards) {
        return new Path(shards, "manifest.json");
    }

    static Path client(String shards, String clientId) {
        return new Path(shards, "clients/client_id=" + clientId);
    }

    static Path split(String shards, String clientId, Split split) {
        return new Path(client(shards, clientId), "split=" + split.text());
    }

    static Path features(String shards, String fingerprint) {
        return new Path(shards, "features/" + fingerprint);
    }

    static Path features(String shards, String fingerprint, String clientId) {
        return new Path(features(shards, fingerprint), "client_id=" + clientId);
    }

    /** Token-embedding rows of one LLM that one client's texts need. */
    static Path embeddings(String shards, String llm, String clientId) {
        return new Path(shards, "embeddings/" + llm + "/client_id=" + clientId);
    }

    /** Parquet files of a folder by name; none if the folder is not there. */
    static List<FileStatus> parquetFiles(Configuration conf, Path folder) {
        try {
            FileSystem fs = folder.getFileSystem(conf);
            if (!fs.exists(folder)) {
                return List.of();
            }
            return Arrays.stream(fs.listStatus(
                            folder,
                            p -> p.getName().endsWith(".parquet")
                                    && !p.getName().startsWith(".")
                                    && !p.getName().startsWith("_")))
                    .sorted((a, b) ->
                            a.getPath().getName().compareTo(b.getPath().getName()))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("Listing " + folder + ": " + e.getMessage(), e);
        }
    }
}
