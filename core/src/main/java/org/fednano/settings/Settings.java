package org.fednano.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValueFactory;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The settings of one command, resolved and checked: defaults, then configuration files in order, then {@code --set}
 * pairs. An unknown key stops the command and names the nearest known one. Immutable.
 */
public final class Settings implements Serializable {

    private static final long serialVersionUID = 1L;

    /** One resolved value with where it came from, as {@code run.json} records it. */
    public record Resolved(String value, String origin) implements Serializable {}

    private final Config config;

    private Settings(Config config) {
        this.config = config;
    }

    /** All defaults. */
    public static Settings defaults() {
        return load(List.of(), List.of());
    }

    /**
     * Reads and checks settings.
     *
     * @param files configuration files in HOCON, later ones win
     * @param sets {@code key=value} pairs, later ones win, over all files
     * @throws JobException with status 2 if a file cannot be read, a key is unknown, or a value is of the wrong type
     *     or out of range
     */
    public static Settings load(List<Path> files, List<String> sets) {
        Config merged = ConfigFactory.empty();
        for (Path file : files) {
            merged = parse(file).withFallback(merged);
        }
        for (String set : sets) {
            merged = parseSet(set).withFallback(merged);
        }
        checkKeys(merged);
        Settings settings = new Settings(merged.withFallback(defaultConfig()).resolve());
        Catalogue.all().forEach(settings::get);
        return settings;
    }

    /** A copy with one value changed in code, checked like any other. */
    public <T> Settings with(Setting<T> setting, T value) {
        Object plain = value instanceof java.time.Duration d ? d.toMillis() + "ms" : value;
        Settings changed =
                new Settings(config.withValue(setting.key(), ConfigValueFactory.fromAnyRef(plain, "the program")));
        changed.get(setting);
        return changed;
    }

    /** The checked value of a setting. */
    public <T> T get(Setting<T> setting) {
        return setting.read(config);
    }

    /** Whether a value other than the default's origin was given. */
    public boolean isGiven(Setting<?> setting) {
        return !config.getValue(setting.key()).origin().description().equals("defaults");
    }

    /** Every setting with its value and origin, sorted by key. */
    public Map<String, Resolved> resolved() {
        Map<String, Resolved> all = new LinkedHashMap<>();
        Catalogue.all().stream()
                .sorted(Comparator.comparing(Setting::key))
                .forEach(s -> all.put(s.key(), new Resolved(Setting.text(get(s)), origin(config.getValue(s.key())))));
        return all;
    }

    /** Where a value was given; a --set has no line worth telling. */
    static String origin(com.typesafe.config.ConfigValue value) {
        String text = value.origin().description();
        return text.startsWith("--set ") ? text.replaceFirst(": 1$", "") : text;
    }

    private static Config defaultConfig() {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Setting<?> s : Catalogue.all()) {
            values.put(
                    s.key(), s.defaultValue() instanceof java.time.Duration d ? d.toMillis() + "ms" : s.defaultValue());
        }
        return ConfigFactory.parseMap(values, "defaults");
    }

    private static Config parse(Path file) {
        if (!Files.isReadable(file)) {
            throw JobException.usage("Configuration file expected at " + file.toAbsolutePath()
                    + ": found nothing readable. Give an existing file with --conf.");
        }
        try {
            return ConfigFactory.parseFile(
                    file.toFile(),
                    ConfigParseOptions.defaults().setSyntax(ConfigSyntax.CONF).setAllowMissing(false));
        } catch (ConfigException e) {
            throw new JobException(
                    ExitStatus.USAGE, "Configuration file " + file + " is not valid HOCON: " + e.getMessage(), e);
        }
    }

    private static Config parseSet(String set) {
        int equals = set.indexOf('=');
        if (equals <= 0) {
            throw JobException.usage(
                    "--set expects key=value: found '" + set + "'. Write, for example, --set run.rounds=3.");
        }
        String key = set.substring(0, equals).strip();
        String value = set.substring(equals + 1).strip();
        if (Catalogue.find(key).isPresent()
                && Catalogue.find(key).get().defaultValue() instanceof List<?>
                && !value.startsWith("[")) {
            value = "[" + value + "]";
        }
        var options = ConfigParseOptions.defaults().setOriginDescription("--set " + key);
        try {
            return ConfigFactory.parseString(key + " = " + value, options);
        } catch (ConfigException e) {
            // Not HOCON as it stands (a URI, a path with a colon): then it is plain text.
            return ConfigFactory.parseString(key + " = " + com.typesafe.config.ConfigUtil.quoteString(value), options);
        }
    }

    private static void checkKeys(Config given) {
        for (var entry : given.entrySet()) {
            String key = String.join(".", com.typesafe.config.ConfigUtil.splitPath(entry.getKey()));
            if (Catalogue.find(key).isEmpty() && !Catalogue.isEntry(key)) {
                throw JobException.usage("Unknown setting '" + key + "' in "
                        + origin(entry.getValue()) + ". The nearest known one is '"
                        + Catalogue.nearest(key) + "'; conf/defaults.conf lists them all.");
            }
        }
    }
}
