package org.fednano.shards;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.parquet.example.data.Group;
import org.fednano.rows.BadValue;
import org.fednano.rows.ParquetValues;
import org.fednano.rows.Values;
import org.fednano.settings.JobException;

/**
 * A catalogue as a Parquet table with the columns {@code client_id}, {@code uri}, and where they are {@code hadoop} (map of
 * texts), {@code tags} (list of texts) and {@code enabled} (boolean). Other columns are left alone.
 */
final class CatalogueTable {

    private static final List<String> REQUIRED = List.of("client_id", "uri");
    private static final List<String> OPTIONAL = List.of("hadoop", "tags", "enabled");

    /** What Spark takes for no data, such as a log of changes. */
    private static final Pattern HIDDEN = Pattern.compile("(^|/)[._]");

    private CatalogueTable() {}

    static List<ClientCatalogue.Entry> read(Configuration conf, Path table) {
        List<ClientCatalogue.Entry> entries = new ArrayList<>();
        try {
            FileSystem files = table.getFileSystem(conf);
            for (Path file : files(files, table)) {
                read(files, file, entries);
            }
        } catch (FileNotFoundException e) {
            throw JobException.badInput("A client catalogue expected at " + table
                    + " (run.clients), a file that ends in .conf or a Parquet table: found none.");
        } catch (IOException e) {
            throw JobException.badInput("Client catalogue " + table + " cannot be read: " + e.getMessage(), e);
        }
        return entries;
    }

    /** The table itself, or all files with rows below it. */
    private static List<Path> files(FileSystem files, Path table) throws IOException {
        FileStatus status = files.getFileStatus(table);
        if (status.isFile()) {
            return List.of(table);
        }
        List<Path> found = new ArrayList<>();
        for (RemoteIterator<LocatedFileStatus> all = files.listFiles(table, true); all.hasNext(); ) {
            Path file = all.next().getPath();
            String below = status.getPath().toUri().relativize(file.toUri()).getPath();
            if (!HIDDEN.matcher(below).find() && ShardPaths.isRows(file)) {
                found.add(file);
            }
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }

    private static void read(FileSystem files, Path file, List<ClientCatalogue.Entry> entries) {
        try (ParquetRows rows = ParquetRows.open(files, file, REQUIRED, OPTIONAL)) {
            long number = 1;
            for (Group row = rows.next(); row != null; row = rows.next(), number++) {
                try {
                    entries.add(entry(ParquetValues.object(row, rows.columns())));
                } catch (BadValue e) {
                    throw JobException.badInput(
                            "Row " + number + " of the client catalogue " + file + ": " + e.getMessage() + ".");
                }
            }
        }
    }

    private static ClientCatalogue.Entry entry(JsonNode row) throws BadValue {
        JsonNode enabled = row.path("enabled");
        require(enabled, enabled.isBoolean(), "'enabled' must be true or false");
        return new ClientCatalogue.Entry(
                Values.needed(row, "client_id"),
                Values.needed(row, "uri"),
                hadoop(row.path("hadoop")),
                tags(row.path("tags")),
                enabled.asBoolean(true));
    }

    private static void require(JsonNode value, boolean fits, String rule) throws BadValue {
        if (!fits && !Values.isNone(value)) {
            throw new BadValue(BadValue.Kind.TYPE, rule + ": found another type");
        }
    }

    /** Settings without a value are none. Messages never show values: they may be secrets. */
    private static Map<String, String> hadoop(JsonNode settings) throws BadValue {
        require(settings, settings.isObject(), "'hadoop' must be a map of texts");
        Map<String, String> hadoop = new TreeMap<>();
        for (Iterator<Map.Entry<String, JsonNode>> all = settings.fields(); all.hasNext(); ) {
            Map.Entry<String, JsonNode> one = all.next();
            require(one.getValue(), Values.isWord(one.getValue()), "'hadoop' must hold texts: '" + one.getKey() + "'");
            if (!Values.isNone(one.getValue())) {
                hadoop.put(one.getKey(), one.getValue().asText());
            }
        }
        return hadoop;
    }

    private static List<String> tags(JsonNode list) throws BadValue {
        require(list, list.isArray(), "'tags' must be a list of texts");
        List<String> tags = new ArrayList<>();
        for (JsonNode tag : list) {
            if (!Values.isNone(tag)) {
                tags.add(Values.word(tag, "tags"));
            }
        }
        return tags;
    }
}
