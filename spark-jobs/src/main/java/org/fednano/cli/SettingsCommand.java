package org.fednano.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;
import org.fednano.settings.SettingsOptions;
import org.fednano.settings.SettingsRegistry;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fednano settings}: what can be set, and what is. */
@Command(
        name = "settings",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Prints every setting with its default, type and meaning: the text of conf/defaults.conf.",
            "With --resolved: the values that a command with these options would use, and where each comes from;",
            "with --value KEY: one of them alone.",
            ""
        },
        footer = {"", "Examples:", "  fednano settings", "  fednano settings --resolved --conf conf/runs/demo.conf"})
final class SettingsCommand implements Callable<Integer> {

    @Mixin
    private SettingsOptions options;

    @Option(names = "--resolved", description = "Values and their origins instead of defaults.")
    private boolean resolved;

    @Option(
            names = "--value",
            paramLabel = "KEY",
            description = "The value of one setting, on a line of its own; may come several times. For scripts.")
    private List<String> values = new ArrayList<>();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (!values.isEmpty()) {
            Settings settings = options.settings();
            values.forEach(key -> out.println(settings.get(known(key))));
        } else if (resolved) {
            options.settings()
                    .resolved()
                    .forEach((key, r) -> out.println(key + " = " + r.value() + "   # " + r.origin()));
        } else {
            options.settings();
            out.print(SettingsRegistry.defaultsText());
        }
        out.flush();
        return ExitStatus.DONE.code();
    }

    private static Setting<?> known(String key) {
        return SettingsRegistry.find(key)
                .orElseThrow(() -> JobException.usage("Unknown setting '" + key + "'. Did you mean "
                        + SettingsRegistry.nearest(key) + "? `fednano settings` prints them all."));
    }
}
