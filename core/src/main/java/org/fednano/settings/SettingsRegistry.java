package org.fednano.settings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;

/** Every setting there is, by group; the text of {@code conf/defaults.conf} comes from here. */
public final class SettingsRegistry {

    private static final Map<String, List<Setting<?>>> OWN = new LinkedHashMap<>();

    static {
        OWN.put("Run: where it lives and how long it goes on", RunKeys.ALL);
        OWN.put("Method: what clients train and how the server merges", MethodKeys.ALL);
        OWN.put("Model: encoder, prompt and tensor engine", ModelKeys.ALL);
        OWN.put("Endpoint: the frozen LLM as a service, used (llm) and offered (endpoint)", EndpointKeys.ALL);
        OWN.put("Gateway: between partitions and the frozen LLM", GatewayKeys.ALL);
        OWN.put("Data: generate and prepare", DataKeys.ALL);
        OWN.put("Align: making a connector between an encoder and an LLM", AlignKeys.ALL);
        OWN.put("Pretrain: making conf/models/nano-llava again", PretrainKeys.ALL);
    }

    /** With what further sources add; made by the first question, so that an error of theirs is one of the command's. */
    private static SettingsRegistry loaded;

    private final Map<String, List<Setting<?>>> groups = new LinkedHashMap<>();
    private final Map<String, Setting<?>> byKey = new LinkedHashMap<>();
    private final List<SettingSource> sources = new ArrayList<>();

    private SettingsRegistry() {
        OWN.forEach(this::add);
        ServiceLoader.load(SettingSource.class).forEach(sources::add);
        sources.forEach(source -> source.groups().forEach(this::add));
    }

    private void add(String title, List<Setting<?>> settings) {
        for (Setting<?> setting : settings) {
            for (String known : byKey.keySet()) {
                // HOCON has no value at a key and below it.
                if ((known + ".").startsWith(setting.key() + ".")
                        || setting.key().startsWith(known + ".")) {
                    throw JobException.usage(
                            "A setting must have a key of its own: found '" + setting.key() + "' in group '"
                                    + title + "' and '" + known + "' in group '" + groupOf(known, title)
                                    + "'. Rename the method's.");
                }
            }
            byKey.put(setting.key(), setting);
        }
        groups.put(title, settings);
    }

    private String groupOf(String key, String otherwise) {
        return groups.entrySet().stream()
                .filter(group -> group.getValue().contains(byKey.get(key)))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(otherwise);
    }

    private static synchronized SettingsRegistry loaded() {
        if (loaded == null) {
            loaded = new SettingsRegistry();
        }
        return loaded;
    }

    /** The words that the sources allow for a setting. */
    static List<String> choices(String key) {
        return loaded().sources.stream().flatMap(s -> s.choices(key).stream()).toList();
    }

    /** All settings, group by group. */
    public static List<Setting<?>> all() {
        return new ArrayList<>(loaded().byKey.values());
    }

    public static Optional<Setting<?>> find(String key) {
        return Optional.ofNullable(loaded().byKey.get(key));
    }

    /** The setting that maps names to texts and has {@code key} as one entry. */
    static Optional<Setting<?>> mapOf(String key) {
        return all().stream()
                .filter(s -> s.defaultValue() instanceof Map<?, ?> && key.startsWith(s.key() + "."))
                .findFirst();
    }

    /** The known key with the smallest edit distance to {@code key}. */
    public static String nearest(String key) {
        return loaded().byKey.keySet().stream()
                .min(Comparator.comparingInt(k -> distance(k, key)))
                .orElseThrow();
    }

    /** The text of {@code conf/defaults.conf}: every key with its default, type, range and meaning. */
    public static String defaultsText() {
        StringBuilder text = new StringBuilder()
                .append("# Every setting with its default. Written from the definitions in org.fednano.settings;\n")
                .append(
                        "# precedence: these defaults < --conf FILE < --set key=value. Files are HOCON: quote texts. --set takes a text,\n")
                .append(
                        "# number, switch, time or size as it is typed, without quotes; lists and maps are HOCON there too.\n");
        loaded().groups.forEach((title, group) -> {
            text.append("\n# ---- ").append(title).append(" ----\n");
            for (Setting<?> s : group) {
                text.append('\n').append("# ").append(s.meaning()).append('\n');
                text.append("# ").append(s.type());
                if (!s.type().contains(" | ") && !s.expected().equals(s.type())) {
                    text.append(", ").append(s.expected());
                }
                text.append('\n')
                        .append(s.key())
                        .append(" = ")
                        .append(s.defaultText())
                        .append('\n');
            }
        });
        return text.toString();
    }

    private static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int swap = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(swap, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
