package org.fednano.shards;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.fednano.settings.JobException;

/**
 * A catalogue as a file: {@code clients { c001 { uri = "…", hadoop { … }, tags = […], enabled = on } }}. Values may come
 * from environment variables ({@code ${NAME}}). Messages name keys and lines, never values: they may be secrets.
 */
final class CatalogueFile {

    private static final String CLIENTS = "clients";
    private static final List<String> FIELDS = List.of("uri", "hadoop", "tags", "enabled");

    private CatalogueFile() {}

    static List<ClientCatalogue.Entry> read(Configuration conf, Path file) {
        try (Reader text = new InputStreamReader(file.getFileSystem(conf).open(file), StandardCharsets.UTF_8)) {
            Config root = ConfigFactory.parseReader(
                            text, ConfigParseOptions.defaults().setOriginDescription(file.toString()))
                    .resolve();
            List<ClientCatalogue.Entry> entries = new ArrayList<>();
            for (String id : new TreeSet<>(root.getConfig(CLIENTS).root().keySet())) {
                entries.add(entry(id, root.getConfig(ConfigUtil.joinPath(CLIENTS, id))));
            }
            return entries;
        } catch (FileNotFoundException e) {
            throw JobException.badInput("A client catalogue expected at " + file + " (run.clients): found none.");
        } catch (IOException e) {
            throw JobException.badInput("Client catalogue " + file + " cannot be read: " + e.getMessage(), e);
        } catch (ConfigException.UnresolvedSubstitution e) {
            // Its message holds what stands in ${…}: a name.
            throw JobException.badInput("Client catalogue " + file + " refers to a variable that is not set: "
                    + e.getMessage() + ". Set it in the environment of the driver.");
        } catch (ConfigException e) {
            throw JobException.badInput("Client catalogue " + place(e.origin(), file)
                    + " must be written as clients { c001 { uri = \"hdfs://…\", hadoop { \"fs.s3a.access.key\" = ${KEY} },"
                    + " tags = [eu], enabled = on } }: found something else. Correct it there.");
        }
    }

    private static String place(ConfigOrigin origin, Path file) {
        return origin == null ? file.toString() : origin.description();
    }

    private static ClientCatalogue.Entry entry(String id, Config client) {
        for (String key : client.root().keySet()) {
            if (!FIELDS.contains(key)) {
                throw JobException.badInput(
                        "A client in the catalogue has " + FIELDS + ": found '" + key + "' of client " + id + " ("
                                + client.root().get(key).origin().description() + "). Remove it or correct its name.");
            }
        }
        return new ClientCatalogue.Entry(
                id,
                field(id, "uri", "a text", () -> client.getString("uri")),
                client.hasPath("hadoop")
                        ? field(id, "hadoop", "texts by name", () -> settings(id, client.getConfig("hadoop")))
                        : Map.of(),
                client.hasPath("tags")
                        ? field(id, "tags", "a list of texts", () -> client.getStringList("tags"))
                        : List.of(),
                !client.hasPath("enabled") || field(id, "enabled", "on or off", () -> client.getBoolean("enabled")));
    }

    /** Reads a field; the library's own message would hold its value. */
    private static <T> T field(String id, String name, String expected, Supplier<T> value) {
        try {
            return value.get();
        } catch (ConfigException e) {
            String where = e.origin() == null ? "" : " (" + e.origin().description() + ")";
            throw JobException.badInput("Field '" + name + "' of client " + id + " in the catalogue must be " + expected
                    + ": found " + (e instanceof ConfigException.Missing ? "none" : "another value") + where
                    + ". Correct it there.");
        }
    }

    /**
     * Dots in unquoted names are paths in this format: {@code fs.x = a} and {@code fs.x.y = b} would replace each other
     * without a word, so names are quoted.
     */
    private static Map<String, String> settings(String id, Config hadoop) {
        Map<String, String> settings = new TreeMap<>();
        for (Map.Entry<String, ConfigValue> e : hadoop.root().entrySet()) {
            if (e.getValue().valueType() == ConfigValueType.OBJECT) {
                throw JobException.badInput("Hadoop settings of client " + id
                        + " in the catalogue have quoted names, such as \"fs.s3a.endpoint\" = …: found an unquoted one that begins"
                        + " with '" + e.getKey() + "' (" + e.getValue().origin().description() + "). Quote it.");
            }
            settings.put(e.getKey(), hadoop.getString(ConfigUtil.joinPath(e.getKey())));
        }
        return settings;
    }
}
