package org.fednano.shards;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;

/**
 * Clients whose shards lie elsewhere, each in its own folder: a file {@code clients.conf} (HOCON) or a Parquet table.
 *
 * @param origin the file or table (URI)
 * @param entries in any order
 */
record ClientCatalogue(String origin, List<Entry> entries) {

    /** Below a client's own folder; Spark and Hadoop take names with {@code _} for no data. */
    private static final String CACHE = "_fednano";

    private static final String ENDING = ".conf";

    /** A container as Azure's stores have it, a host or bucket, a port; anything else may hold a password. */
    private static final String PLAIN_AUTHORITY = "([^:@]+@)?([^:@]*|\\[[^]]*])(:[0-9]+)?";

    /**
     * One client.
     *
     * @param uri its folder, absolute
     * @param hadoop settings of its file system; values may be secrets
     * @param enabled the on/off switch
     */
    record Entry(String id, String uri, Map<String, String> hadoop, List<String> tags, boolean enabled) {

        ClientLocation place() {
            return new ClientLocation(
                    id,
                    uri,
                    new Path(uri, CACHE).toString(),
                    hadoop,
                    List.of(),
                    List.of(),
                    "The folder of client " + id + ", " + uri + ", has not been looked at.");
        }

        /** Without the values of Hadoop settings. */
        @Override
        public String toString() {
            return id + " " + uri + " " + tags + (enabled ? "" : " (off)");
        }
    }

    /**
     * Reads a catalogue.
     *
     * @param uri file that ends in {@code .conf}, or Parquet file or folder
     * @throws JobException with status 3 if it is missing, broken, or names a client or a folder twice
     */
    static ClientCatalogue read(SparkSession spark, String uri) {
        Configuration conf = spark.sparkContext().hadoopConfiguration();
        Path path = path(uri);
        List<Entry> raw = uri.endsWith(ENDING) ? CatalogueFile.read(conf, path) : CatalogueTable.read(conf, path);
        List<Entry> entries = new ArrayList<>();
        for (Entry entry : raw) {
            entries.add(new Entry(
                    id(entry.id(), uri), absolute(entry, conf, uri), entry.hadoop(), entry.tags(), entry.enabled()));
        }
        if (entries.isEmpty()) {
            throw JobException.badInput("At least one client expected in " + uri + ": found none.");
        }
        requireApart(entries, uri);
        return new ClientCatalogue(uri, List.copyOf(entries));
    }

    private static Path path(String uri) {
        try {
            return new Path(uri);
        } catch (IllegalArgumentException e) {
            throw JobException.usage(RunKeys.CLIENTS.key() + " must be the URI of a catalogue: found '" + uri + "'.");
        }
    }

    private static String id(String id, String origin) {
        if (!id.matches("[A-Za-z0-9._-]+")) {
            throw JobException.badInput("Client ids consist of letters, digits, '.', '_' and '-': found '" + id
                    + "' in " + origin + ". Rename the client.");
        }
        return id;
    }

    /** Executors have working folders of their own; so a path without a scheme is made whole here. */
    private static String absolute(Entry entry, Configuration conf, String origin) {
        try {
            URI uri = new Path(entry.uri()).toUri();
            if (uri.getAuthority() != null && !uri.getAuthority().matches(PLAIN_AUTHORITY)) {
                throw JobException.badInput("The uri of client " + entry.id() + " in " + origin
                        + " must not hold a password: it is shown in messages. Give them as Hadoop settings.");
            }
            return uri.getScheme() != null
                    ? entry.uri()
                    : FileSystem.get(conf).makeQualified(new Path(entry.uri())).toString();
        } catch (IllegalArgumentException e) {
            throw JobException.badInput("The uri of client " + entry.id() + " in " + origin
                    + " must be a folder's URI: found one that" + " cannot be read as such.");
        } catch (IOException e) {
            throw JobException.badInput("The file system of paths without a scheme cannot be opened: " + e, e);
        }
    }

    /** Two clients in one folder, or one inside the other's, would be one client's rows in another's hands. */
    private static void requireApart(List<Entry> entries, String origin) {
        TreeMap<String, String> byFolder = new TreeMap<>();
        TreeSet<String> ids = new TreeSet<>();
        for (Entry entry : entries) {
            if (!ids.add(entry.id())) {
                throw JobException.badInput("Client ids must be unique in " + origin + ": found '" + entry.id()
                        + "' twice. Rename one of them.");
            }
            String folder = new Path(entry.uri()).toString().replaceFirst("/*$", "/");
            String same = byFolder.putIfAbsent(folder, entry.id());
            if (same != null) {
                throw together(same, folder, entry.id(), folder, origin);
            }
        }
        // In this order a folder is followed at once by what lies inside it.
        byFolder.forEach((folder, id) -> {
            var outer = byFolder.lowerEntry(folder);
            if (outer != null && folder.startsWith(outer.getKey())) {
                throw together(outer.getValue(), outer.getKey(), id, folder, origin);
            }
        });
    }

    private static JobException together(String one, String outer, String other, String inner, String origin) {
        return JobException.badInput("Clients must lie in folders of their own: found " + one + " in " + outer + " and "
                + other + " in " + inner + " (" + origin + "). Give one of them another uri.");
    }

    /**
     * Clients that are switched on and have one of the tags.
     *
     * @param tags empty: whatever their tags
     * @throws JobException with status 2 if there are none
     */
    List<Entry> chosen(List<String> tags) {
        List<Entry> chosen = entries.stream()
                .filter(Entry::enabled)
                .filter(e -> tags.isEmpty() || e.tags().stream().anyMatch(tags::contains))
                .toList();
        if (chosen.isEmpty()) {
            TreeSet<String> known = new TreeSet<>();
            entries.stream().filter(Entry::enabled).forEach(e -> known.addAll(e.tags()));
            throw JobException.usage("A client that is switched on"
                    + (tags.isEmpty()
                            ? ""
                            : " and has one of the tags " + tags + " (" + RunKeys.CLIENT_TAGS.key() + ")")
                    + " expected in " + origin + ": found none"
                    + (known.isEmpty() ? "." : "; their tags are " + known + "."));
        }
        return chosen;
    }
}
