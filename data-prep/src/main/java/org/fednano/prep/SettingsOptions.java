package org.fednano.prep;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.fednano.settings.Settings;
import picocli.CommandLine.Option;

/** The options of every command that reads settings. */
final class SettingsOptions {

    @Option(
            names = "--conf",
            paramLabel = "FILE",
            description = "Settings in HOCON; repeatable, later files win. conf/defaults.conf lists every key.")
    private List<Path> files = new ArrayList<>();

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "One setting, over all files; repeatable.")
    private List<String> sets = new ArrayList<>();

    Settings load() {
        return Settings.load(files, sets);
    }
}
