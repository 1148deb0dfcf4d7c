package org.fednano.settings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Every setting there is, by group; the text of {@code conf/defaults.conf} comes from here. */
public final class Catalogue {

    private static final Map<String, List<Setting<?>>> GROUPS = new LinkedHashMap<>();
    private static final Map<String, Setting<?>> BY_KEY = new LinkedHashMap<>();

    static {
        GROUPS.put("Run: where it lives and how long it goes on", RunKeys.ALL);
        GROUPS.put("Method: what clients train and how the server merges", MethodKeys.ALL);
        GROUPS.put("Model: encoder, prompt and tensor engine", ModelKeys.ALL);
        GROUPS.put("Endpoint: the frozen LLM as a service, used (llm) and offered (endpoint)", EndpointKeys.ALL);
        GROUPS.put("Gateway: between partitions and the frozen LLM", GatewayKeys.ALL);
        GROUPS.put("Data: generate and prepare", DataKeys.ALL);
        GROUPS.put("Pretrain: making conf/models/nano-llava again", PretrainKeys.ALL);
        GROUPS.values()
                .forEach(group -> group.forEach(s -> {
                    if (BY_KEY.put(s.key(), s) != null) {
                        throw new IllegalStateException("Setting defined twice: " + s.key());
                    }
                }));
    }

    private Catalogue() {}

    /** All settings, group by group. */
    public static List<Setting<?>> all() {
        return new ArrayList<>(BY_KEY.values());
    }

    public static Optional<Setting<?>> find(String key) {
        return Optional.ofNullable(BY_KEY.get(key));
    }

    /** The setting that maps names to texts and has {@code key} as one entry. */
    static Optional<Setting<?>> mapOf(String key) {
        return all().stream()
                .filter(s -> s.defaultValue() instanceof Map<?, ?> && key.startsWith(s.key() + "."))
                .findFirst();
    }

    /** The known key with the smallest edit distance to {@code key}. */
    public static String nearest(String key) {
        return BY_KEY.keySet().stream()
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
        GROUPS.forEach((title, group) -> {
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
