package org.fednano.spark;

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
                    + " tags = [eu], enabled = on } }: found " + kind(e) + ". Correct it there.");
        }
    }

    private static String place(ConfigOrigin origin, Path file) {
        return origin == null ? file.toString() : origin.description();
    }

    /** What is wrong, without the text around it. */
    private static String kind(ConfigException e) {
        if (e instanceof ConfigException.Missing) {
            return "a key missing";
        }
        return e instanceof ConfigException.WrongType ? "a value of another type" : "something else";
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
                client.getString("uri"),
                client.hasPath("hadoop") ? settings(client.getConfig("hadoop")) : Map.of(),
                client.hasPath("tags") ? client.getStringList("tags") : List.of(),
                !client.hasPath("enabled") || client.getBoolean("enabled"));
    }

    /** Dots in names of Hadoop settings are paths in this format, unless they are quoted. */
    private static Map<String, String> settings(Config hadoop) {
        Map<String, String> settings = new TreeMap<>();
        for (Map.Entry<String, ConfigValue> e : hadoop.entrySet()) {
            if (e.getValue().valueType() == ConfigValueType.LIST) {
                throw new ConfigException.WrongType(e.getValue().origin(), "a list");
            }
            settings.put(
                    String.join(".", ConfigUtil.splitPath(e.getKey())),
                    String.valueOf(e.getValue().unwrapped()));
        }
        return settings;
    }
}
