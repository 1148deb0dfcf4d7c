package org.fednano.shards;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
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

/** The clients of a run and where each one's rows lie. */
public sealed interface Federation {

    /** Shards folder or catalogue (URI). */
    String origin();

    /** What a run is pinned to. */
    String fingerprint();

    /** The clients, sorted by id. */
    List<ClientLocation> clients();

    /** Client ids, sorted. */
    default List<String> clientIds() {
        return clients().stream().map(ClientLocation::id).toList();
    }

    /** Ids of the clients that take part in rounds, sorted; others have no training rows and are evaluated only. */
    default List<String> trainingIds() {
        return clientIds();
    }

    /**
     * The clients of one shards folder. All rows are known, and one client's trouble is the whole job's.
     *
     * @param fingerprint of the shards' manifest
     * @param trainingRows of each client by the manifest
     */
    record Shared(String origin, String fingerprint, List<ClientLocation> clients, Map<String, Long> trainingRows)
            implements Federation {

        public Shared {
            clients = sorted(clients);
            trainingRows = Map.copyOf(trainingRows);
        }

        @Override
        public List<String> trainingIds() {
            return clientIds().stream().filter(id -> trainingRows.get(id) > 0).toList();
        }
    }

    /**
     * The clients of a catalogue. They may come and go, fail one by one, and get new rows between rounds; nothing says in
     * advance what their rows are.
     *
     * @param window which of their dated folders are used
     */
    record Catalogued(String origin, DataWindow window, List<ClientLocation> clients) implements Federation {

        public Catalogued {
            clients = sorted(clients);
        }

        @Override
        public String fingerprint() {
            return "catalogue";
        }
    }

    private static List<ClientLocation> sorted(List<ClientLocation> clients) {
        return clients.stream().sorted(Comparator.comparing(ClientLocation::id)).toList();
    }

    /**
     * The clients that {@code run.clients} names, or else those of {@code run.shards}.
     *
     * @throws JobException with status 2 or 3 as either is opened, or if settings of the former are given without it
     */
    static Federation of(SparkSession spark, Settings settings) {
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
    static Shared of(SharedShards shards, Configuration conf) {
        return new Shared(
                shards.uri(),
                shards.fingerprint(),
                shards.clientIds().stream()
                        .map(id -> shards.place(id, hosts(conf, shards, id)))
                        .toList(),
                shards.clients().stream()
                        .collect(Collectors.toMap(SharedShards.Client::id, SharedShards.Client::trainingRows)));
    }

    /**
     * Those of a catalogue that are switched on and have one of the tags of {@code run.client_tags}.
     *
     * @throws JobException with status 2 if there are none, or if dates of {@code run.data_since} and {@code run.data_until}
     *     cannot be
     */
    static Catalogued of(ClientCatalogue catalogue, Settings settings) {
        return new Catalogued(
                catalogue.origin(),
                DataWindow.of(settings),
                catalogue.chosen(settings.get(RunKeys.CLIENT_TAGS)).stream()
                        .map(ClientCatalogue.Entry::place)
                        .toList());
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
