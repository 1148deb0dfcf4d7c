package org.fednano.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValueFactory;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
            merged = SetOption.parse(set).withFallback(merged);
        }
        Config resolved = resolve(merged.withFallback(defaultConfig()));
        checkKeys(resolved);
        Settings settings = new Settings(resolved);
        SettingsRegistry.all().forEach(settings::get);
        return settings;
    }

    /**
     * One setting of a call whose others may be wrong, for what must be known even then.
     *
     * @return empty if its own value is wrong, or a file that may hold it cannot be read
     */
    static <T> Optional<T> glimpse(List<Path> files, List<String> sets, Setting<T> setting) {
        List<String> own =
                sets.stream().filter(set -> set.startsWith(setting.key() + "=")).toList();
        try {
            Config merged = ConfigFactory.empty();
            for (Path file : own.isEmpty() ? files : List.<Path>of()) {
                merged = parse(file).withFallback(merged);
            }
            for (String set : own) {
                merged = SetOption.parse(set).withFallback(merged);
            }
            return Optional.of(setting.read(resolve(merged.withFallback(defaultConfig()))));
        } catch (JobException e) {
            return Optional.empty();
        }
    }

    private static Config resolve(Config config) {
        try {
            return config.resolve();
        } catch (ConfigException e) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "Settings may refer to each other and to environment variables that are set: " + e.getMessage()
                            + ". Correct it there.",
                    e);
        }
    }

    /** A copy with one value changed in code, checked like any other. */
    public <T> Settings with(Setting<T> setting, T value) {
        Settings changed = new Settings(
                config.withValue(setting.key(), ConfigValueFactory.fromAnyRef(plain(value), "the program")));
        changed.get(setting);
        return changed;
    }

    /** The checked value of a setting. */
    public <T> T get(Setting<T> setting) {
        return setting.read(config);
    }

    /** Whether a value other than the default's origin was given. */
    public boolean isGiven(Setting<?> setting) {
        return !origin(setting).equals("defaults");
    }

    private String origin(Setting<?> setting) {
        return config.getValue(setting.key()).origin().description();
    }

    /** Every setting with its value and origin, sorted by key. */
    public Map<String, Resolved> resolved() {
        Map<String, Resolved> all = new LinkedHashMap<>();
        SettingsRegistry.all().stream()
                .sorted(Comparator.comparing(Setting::key))
                .forEach(s -> all.put(s.key(), new Resolved(Setting.text(get(s)), origin(s))));
        return all;
    }

    private static Config defaultConfig() {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Setting<?> s : SettingsRegistry.all()) {
            values.put(s.key(), plain(s.defaultValue()));
        }
        return ConfigFactory.parseMap(values, "defaults");
    }

    private static Object plain(Object value) {
        return value instanceof Duration ? Setting.text(value) : value;
    }

    private static Config parse(Path file) {
        if (!Files.isReadable(file)) {
            throw JobException.usage("Configuration file expected at " + file.toAbsolutePath()
                    + ": found nothing readable. Give an existing file with --conf.");
        }
        try {
            LocalIncludes.requirePlain(file.toFile());
            return ConfigFactory.parseFile(
                    file.toFile(),
                    ConfigParseOptions.defaults()
                            .setSyntax(ConfigSyntax.CONF)
                            .setAllowMissing(false)
                            .setIncluder(new LocalIncludes(null)));
        } catch (StackOverflowError e) {
            throw JobException.usage("Configuration file " + file + " is not valid HOCON: its values lie too deep.");
        } catch (ConfigException e) {
            throw new JobException(
                    ExitStatus.USAGE, "Configuration file " + file + " is not valid HOCON: " + e.getMessage(), e);
        }
    }

    private static void checkKeys(Config config) {
        for (var entry : config.entrySet()) {
            String key = String.join(".", ConfigUtil.splitPath(entry.getKey()));
            if (SettingsRegistry.find(key).isEmpty()
                    && SettingsRegistry.mapOf(key).isEmpty()) {
                throw unknown(key, entry.getValue().origin().description());
            }
        }
    }

    static JobException unknown(String key, String where) {
        return JobException.usage("Unknown setting '" + key + "' in " + where + ". The nearest known one is '"
                + SettingsRegistry.nearest(key) + "'; conf/defaults.conf lists them all.");
    }
}
