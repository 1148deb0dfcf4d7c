package org.fednano.shards;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.BlockLocation;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;

/**
 * The clients of a run and where each one's rows lie: those of one shards folder, all rows known, or those of a catalogue,
 * which may come and go, fail one by one, and get new rows between rounds.
 *
 * @param origin shards folder or catalogue (URI)
 * @param fingerprint what a run is pinned to: that of the shards, or {@link #APART}
 * @param clients sorted by id
 */
public record Federation(String origin, String fingerprint, List<ClientLocation> clients) {

    /** In place of a fingerprint: nothing says in advance what the owners' rows are. */
    public static final String APART = "catalogue";

    public Federation {
        clients = clients.stream()
                .sorted(Comparator.comparing(ClientLocation::id))
                .toList();
    }

    /**
     * The clients that {@code run.clients} names, or else those of {@code run.shards}.
     *
     * @throws JobException with status 2 or 3 as either is opened, or if settings of the former are given without it
     */
    public static Federation of(SparkSession spark, Settings settings) {
        String catalogue = settings.get(RunKeys.CLIENTS);
        if (catalogue.isEmpty()) {
            for (Setting<?> key : List.of(RunKeys.CLIENT_TAGS, RunKeys.DATA_SINCE, RunKeys.DATA_UNTIL)) {
                if (!settings.get(key).equals(key.defaultValue())) {
                    throw JobException.usage(key.key() + " chooses from a catalogue: expected one in "
                            + RunKeys.CLIENTS.key() + ", found none. Set it, or leave " + key.key() + " out.");
                }
            }
            Configuration conf = spark.sparkContext().hadoopConfiguration();
            return of(SharedShards.open(conf, settings.get(RunKeys.SHARDS)), conf);
        }
        return of(ClientCatalogue.read(spark, catalogue), settings);
    }

    /** Those of a shards folder. */
    public static Federation of(SharedShards shards, Configuration conf) {
        return new Federation(
                shards.uri(),
                shards.fingerprint(),
                shards.clientIds().stream()
                        .map(id -> shards.place(id, hosts(conf, shards, id)))
                        .toList());
    }

    /**
     * Those of a catalogue that are switched on and have one of the tags of {@code run.client_tags}.
     *
     * @throws JobException with status 2 if there are none
     */
    static Federation of(ClientCatalogue catalogue, Settings settings) {
        return new Federation(
                catalogue.origin(),
                APART,
                catalogue.chosen(settings.get(RunKeys.CLIENT_TAGS)).stream()
                        .map(ClientCatalogue.Entry::place)
                        .toList());
    }

    /** Whether owners are apart: each fails by itself, and rows may come in at any time. */
    public boolean apart() {
        return fingerprint.equals(APART);
    }

    /** Client ids, sorted. */
    public List<String> clientIds() {
        return clients.stream().map(ClientLocation::id).toList();
    }

    /** Where a client's first file lies, for the scheduler; nothing for local files. */
    private static List<String> hosts(Configuration conf, SharedShards shards, String client) {
        Path folder = ShardPaths.split(ShardPaths.client(shards.uri(), client), Split.TRAIN);
        List<String> hosts = new ArrayList<>();
        try {
            FileSystem files = folder.getFileSystem(conf);
            List<FileStatus> parts = ShardPaths.parquetFiles(files, folder);
            if (!parts.isEmpty()) {
                for (BlockLocation block : files.getFileBlockLocations(parts.get(0), 0, 1)) {
                    hosts.addAll(List.of(block.getHosts()));
                }
            }
        } catch (IOException e) {
            return List.of(); // a preference only: the task reads from wherever it runs
        }
        hosts.removeIf("localhost"::equals);
        return hosts;
    }
}
