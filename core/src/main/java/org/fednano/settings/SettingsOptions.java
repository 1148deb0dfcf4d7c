package org.fednano.settings;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
            description = "One setting, over all files; may come several times. `fednano settings` lists all keys.")
    private List<String> sets = new ArrayList<>();

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
}
