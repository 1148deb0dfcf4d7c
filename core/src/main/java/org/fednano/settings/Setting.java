package org.fednano.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * One setting, defined once: key, type, unit, default, check and one line of meaning. {@code conf/defaults.conf} is
 * written from these definitions, and {@link Settings} reads through them.
 *
 * @param <T> type of the value
 */
public final class Setting<T> {

    private final String key;
    private final Supplier<String> type;
    private final T defaultValue;
    private final String meaning;
    private final BiFunction<Config, String, T> reader;
    private final Predicate<T> check;
    private final Supplier<String> expected;
    private final boolean pinned;

    private Setting(
            String key,
            String type,
            T defaultValue,
            String meaning,
            BiFunction<Config, String, T> reader,
            Predicate<T> check,
            String expected) {
        this(key, () -> type, defaultValue, meaning, reader, check, () -> expected, false);
    }

    private Setting(
            String key,
            Supplier<String> type,
            T defaultValue,
            String meaning,
            BiFunction<Config, String, T> reader,
            Predicate<T> check,
            Supplier<String> expected,
            boolean pinned) {
        this.key = Objects.requireNonNull(key);
        this.type = type;
        this.defaultValue = Objects.requireNonNull(defaultValue, key);
        this.meaning = meaning;
        this.reader = reader;
        this.check = check;
        this.expected = expected;
        this.pinned = pinned;
    }

    /** The same setting, which a run keeps from its first call to its last: its adapter's bytes follow from it. */
    public Setting<T> pinned() {
        return new Setting<>(key, type, defaultValue, meaning, reader, check, expected, true);
    }

    /** Whether a run keeps it. */
    public boolean isPinned() {
        return pinned;
    }

    /** A whole number between {@code min} and {@code max}, both allowed. */
    public static Setting<Integer> ofInt(String key, int defaultValue, int min, int max, String meaning) {
        return new Setting<>(
                key,
                "integer",
                defaultValue,
                meaning,
                (config, k) -> number(config, k).intValueExact(),
                v -> v >= min && v <= max,
                max == Integer.MAX_VALUE ? "at least " + min : min + " to " + max);
    }

    /** A 64-bit whole number. */
    public static Setting<Long> ofLong(String key, long defaultValue, String meaning) {
        return new Setting<>(
                key,
                "integer",
                defaultValue,
                meaning,
                (config, k) -> number(config, k).longValueExact(),
                v -> true,
                "any 64-bit integer");
    }

    /** A number between {@code min} and {@code max}, both allowed. */
    public static Setting<Double> ofDouble(String key, double defaultValue, double min, double max, String meaning) {
        return new Setting<>(
                key,
                "number",
                defaultValue,
                meaning,
                (config, k) -> number(config, k).doubleValue(),
                v -> v >= min && v <= max,
                max == Double.MAX_VALUE ? "at least " + min : min + " to " + max);
    }

    /** {@code on} or {@code off} ({@code true} and {@code false} are read too). */
    public static Setting<Boolean> ofSwitch(String key, boolean defaultValue, String meaning) {
        return new Setting<>(key, "on | off", defaultValue, meaning, Config::getBoolean, v -> true, "on or off");
    }

    /** Free text; empty means "not given" where the meaning says so. */
    public static Setting<String> ofText(String key, String defaultValue, String meaning) {
        return new Setting<>(key, "text", defaultValue, meaning, Config::getString, v -> true, "text");
    }

    /** A file or folder of Hadoop's file systems; empty where the default is. */
    public static Setting<String> ofLocation(String key, String defaultValue, String meaning) {
        return new Setting<>(
                key,
                "text",
                defaultValue,
                meaning,
                Config::getString,
                v -> Location.isOne(v) && (defaultValue.isEmpty() || !v.isEmpty()),
                Location.EXPECTED);
    }

    /** One of a few words. */
    public static Setting<String> ofChoice(String key, String defaultValue, List<String> choices, String meaning) {
        String all = String.join(" | ", choices);
        return new Setting<>(key, all, defaultValue, meaning, Config::getString, choices::contains, "one of " + all);
    }

    /** One of the words that the sources of the catalogue allow for it. */
    public static Setting<String> ofOpenChoice(String key, String defaultValue, String meaning) {
        Supplier<String> all = () -> String.join(" | ", SettingsRegistry.choices(key));
        return new Setting<>(
                key,
                all,
                defaultValue,
                meaning,
                Config::getString,
                v -> SettingsRegistry.choices(key).contains(v),
                () -> "one of " + all.get(),
                false);
    }

    /** A list of texts. */
    public static Setting<List<String>> ofList(String key, List<String> defaultValue, String meaning) {
        return new Setting<>(
                key, "list", List.copyOf(defaultValue), meaning, Config::getStringList, v -> true, "a list of texts");
    }

    /** Texts by name, as {@code {question = "q", image = "img"}}; each may also be set alone, as {@code KEY.question=q}. */
    public static Setting<Map<String, String>> ofMap(String key, String meaning) {
        return new Setting<>(key, "map", Map.of(), meaning, Setting::texts, v -> true, "texts by name");
    }

    /** The number as it stands: the library would cut 2.7 to 2 and count what does not fit as the largest there is. */
    private static BigDecimal number(Config config, String key) {
        return new BigDecimal(config.getString(key).strip());
    }

    private static long bytes(Config config, String key) {
        try {
            return number(config, key).longValueExact();
        } catch (NumberFormatException e) { // it has a unit
            return config.getBytes(key);
        }
    }

    private static Map<String, String> texts(Config config, String key) {
        Config all = config.getConfig(key);
        Map<String, String> texts = new TreeMap<>();
        all.root().keySet().forEach(name -> texts.put(name, all.getString(ConfigUtil.joinPath(name))));
        return texts;
    }

    /** A length of time, as {@code 180s}, {@code 5m} or {@code 2h}; never negative. */
    public static Setting<Duration> ofDuration(String key, Duration defaultValue, String meaning) {
        return new Setting<>(
                key,
                "duration",
                defaultValue,
                meaning,
                Config::getDuration,
                v -> !v.isNegative(),
                "a length of time such as 180s or 5m");
    }

    /** A number of bytes, as {@code 256MiB}; at least 1. */
    public static Setting<Long> ofBytes(String key, long defaultValue, String meaning) {
        return new Setting<>(key, "bytes", defaultValue, meaning, Setting::bytes, v -> v >= 1, "a size such as 256MiB");
    }

    /** Dotted key, as written in a configuration file. */
    public String key() {
        return key;
    }

    /** Type in words, for the documentation. */
    public String type() {
        return type.get();
    }

    public T defaultValue() {
        return defaultValue;
    }

    /** One line: what it does, with its unit. */
    public String meaning() {
        return meaning;
    }

    /** Which values are allowed, in words. */
    public String expected() {
        return expected.get();
    }

    /** The default as HOCON text. */
    String defaultText() {
        return text(defaultValue);
    }

    static String text(Object value) {
        if (value instanceof Boolean on) {
            return on ? "on" : "off";
        }
        if (value instanceof Duration d) {
            long nanos = d.toNanos();
            return nanos % 1_000_000_000 == 0
                    ? d.toSeconds() + "s"
                    : nanos % 1_000_000 == 0 ? d.toMillis() + "ms" : nanos + "ns";
        }
        if (value instanceof String s) {
            return ConfigUtil.quoteString(s);
        }
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream()
                    .map(e -> ConfigUtil.quoteString(e.getKey().toString()) + " = " + text(e.getValue()))
                    .collect(Collectors.joining(", ", "{", "}"));
        }
        if (value instanceof List<?> list) {
            return Arrays.toString(list.stream().map(Setting::text).toArray());
        }
        return String.valueOf(value);
    }

    T read(Config config) {
        T value;
        try {
            value = reader.apply(config, key);
        } catch (ConfigException | NumberFormatException | ArithmeticException e) {
            throw wrong(config, e);
        }
        if (!check.test(value)) {
            throw wrong(config, null);
        }
        return value;
    }

    private JobException wrong(Config config, RuntimeException cause) {
        ConfigValue found = found(config);
        return new JobException(
                ExitStatus.USAGE,
                "Setting '" + key + "' must be " + type() + " (" + expected() + "): found "
                        + found.render(ConfigRenderOptions.concise()) + " in "
                        + found.origin().description() + ". Change it there or with --set "
                        + key + "=" + (defaultValue instanceof String ? defaultValue : text(defaultValue))
                        + " (its default).",
                cause);
    }

    /** What stands at the key, or null's own value there or above: the library finds none at a null. */
    private ConfigValue found(Config config) {
        ConfigValue value = config.root();
        for (String name : ConfigUtil.splitPath(key)) {
            if (value instanceof ConfigObject object) {
                value = object.get(name);
            }
        }
        return value;
    }
}
