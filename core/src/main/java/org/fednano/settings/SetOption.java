package org.fednano.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigOriginFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One {@code --set key=value}. A text is what was typed, whatever its letters mean in HOCON; so are numbers, switches,
 * times and sizes, but for blanks around them. Lists and maps are HOCON, unless that would leave out something typed.
 */
final class SetOption {

    /** Quoted texts of HOCON; what is in them cannot be lost. */
    private static final Pattern QUOTED = Pattern.compile("\"\"\"[\\s\\S]*?\"\"\"+|\"(?:\\\\.|[^\"\\\\])*\"");

    /** Comments and references: what HOCON reads as something else than the text that stands there. */
    private static final Pattern READ_AS_ELSE = Pattern.compile("#|//|\\$\\{");

    private SetOption() {}

    /** @throws JobException with status 2 if it is no such pair, the key is unknown, or a list or map is not read as it stands */
    static Config parse(String set) {
        int equals = set.indexOf('=');
        if (equals <= 0) {
            throw JobException.usage(
                    "--set expects key=value: found '" + set + "'. Write, for example, --set run.rounds=3.");
        }
        String key = set.substring(0, equals).strip();
        String value = set.substring(equals + 1);
        boolean tight = !Character.isWhitespace(set.charAt(equals - 1));
        Setting<?> setting = SettingsRegistry.find(key).orElse(null);
        if (setting == null) {
            return entry(key, text(key, tight, value));
        }
        if (setting.defaultValue() instanceof String) {
            return at(ConfigUtil.splitPath(key), text(key, tight, value));
        }
        if (setting.defaultValue() instanceof List<?>) {
            return at(ConfigUtil.splitPath(key), list(setting, value.strip()));
        }
        if (setting.defaultValue() instanceof Map<?, ?>) {
            return at(ConfigUtil.splitPath(key), hocon(value.strip()).orElseThrow(() -> notAsItStands(setting, value)));
        }
        return at(ConfigUtil.splitPath(key), ConfigValueFactory.fromAnyRef(value.strip()));
    }

    private static Config at(List<String> path, ConfigValue value) {
        var origin = ConfigOriginFactory.newSimple("--set " + String.join(".", path));
        return ConfigFactory.empty().withValue(ConfigUtil.joinPath(path), value.withOrigin(origin));
    }

    /** Blanks before the '=' mean that blanks after it were not meant either: then nobody can tell which text was. */
    private static ConfigValue text(String key, boolean tight, String value) {
        if (!tight) {
            throw JobException.usage(
                    "--set takes a text as it stands, blanks included: expected key=value without blanks"
                            + " around the '=', found '" + key + " =" + value + "'. Write --set '" + key + "="
                            + value.strip()
                            + "'.");
        }
        return ConfigValueFactory.fromAnyRef(value);
    }

    /** One text of a setting that maps names to texts. */
    private static Config entry(String key, ConfigValue value) {
        Setting<?> map = SettingsRegistry.mapOf(key).orElseThrow(() -> Settings.unknown(key, "--set " + key));
        String name = key.substring(map.key().length() + 1);
        List<String> path = new ArrayList<>(ConfigUtil.splitPath(map.key()));
        path.add(
                name.length() > 1 && QUOTED.matcher(name).matches()
                        ? ConfigUtil.splitPath(name).get(0)
                        : name);
        return at(path, value);
    }

    /** A list as HOCON has it, its brackets left out or not; else, without brackets and quotes, texts between commas. */
    private static ConfigValue list(Setting<?> setting, String value) {
        boolean brackets = value.startsWith("[");
        Optional<ConfigValue> read = hocon(brackets ? value : "[" + value + "]");
        if (read.isPresent()) {
            return read.get();
        }
        List<String> texts = Stream.of(value.split(",", -1)).map(String::strip).toList();
        if (brackets || value.contains("\"") || texts.contains("")) {
            throw notAsItStands(setting, value);
        }
        return ConfigValueFactory.fromIterable(texts);
    }

    /** Empty where the text is not HOCON for one value, or not all of it would be in that value. */
    private static Optional<ConfigValue> hocon(String text) {
        if (READ_AS_ELSE.matcher(QUOTED.matcher(text).replaceAll("_")).find()) {
            return Optional.empty();
        }
        try {
            var root = ConfigFactory.parseString(
                            "value = " + text, ConfigParseOptions.defaults().setIncluder(new LocalIncludes(null)))
                    .root();
            return root.size() == 1 ? Optional.of(root.get("value")) : Optional.empty();
        } catch (ConfigException e) {
            return Optional.empty();
        }
    }

    private static JobException notAsItStands(Setting<?> setting, String value) {
        String example = setting.defaultValue() instanceof List<?> ? "[\"…\", \"…\"]" : "{name = \"…\"}";
        return JobException.usage("Setting '" + setting.key() + "' must be " + setting.type() + " ("
                + setting.expected() + ") in HOCON, where letters such as # // $ = \\ : stand in double quotes: found "
                + value + " in --set " + setting.key() + ". Write --set '" + setting.key() + "=" + example + "'.");
    }
}
