package org.fednano.settings;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options of every command that has settings: where they come from. A picocli mixin. */
public final class SettingsOptions {

    @Option(
            names = "--conf",
            paramLabel = "FILE",
            description = "Settings file in HOCON; may come several times, later ones win.")
    private List<Path> conf = new ArrayList<>();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description =
                    "One setting, over all files; may come several times. A text, number or path is taken as it is"
                            + " typed; lists and maps are HOCON, as in 'eval.splits=[\"test\"]'. `fednano settings` lists all keys.")
    private List<String> sets = new ArrayList<>();

    /** The options among words that are no command: what else they hold is passed over. */
    static SettingsOptions of(String... words) {
        SettingsOptions options = new SettingsOptions();
        for (int i = 0; i < words.length; i++) {
            String[] parts = words[i].split("=", 2);
            String value = parts.length == 2 ? parts[1] : i + 1 < words.length ? words[i + 1] : null;
            if (value != null && parts[0].equals("--set")) {
                options.sets.add(value);
            } else if (value != null && parts[0].equals("--conf")) {
                options.conf.add(Path.of(value));
            }
        }
        return options;
    }

    /** Defaults, then files, then pairs. */
    public Settings settings() {
        return Settings.load(conf, sets);
    }

    /** The same over a run's own method: defaults, files, the run's pairs, then the given pairs. */
    public Settings settingsOver(List<String> runSets) {
        List<String> all = new ArrayList<>(runSets);
        all.addAll(sets);
        return Settings.load(conf, all);
    }

    /** The value of one setting, though others may be wrong; empty if not even that is sound. */
    public <T> Optional<T> glimpse(Setting<T> setting) {
        return Settings.glimpse(conf, sets, setting);
    }
}
