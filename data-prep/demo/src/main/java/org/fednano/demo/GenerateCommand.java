package org.fednano.demo;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.fednano.iconworld.Generate;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.SettingsOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fednano generate}. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        description = {
            "SplitMix64 IconWorld, a procedural visual-question set, in IconQA's release layout.",
            "Settings: generate.*. The same settings draw the same pictures, on any number of cores."
        },
        footer = {
            "",
            "Examples:",
            "  fednano generate --set generate.world=shared --set generate.out=work/raw",
            "  fednano generate --set generate.world=conflict --preview work/conflict.png",
            "Then: fednano prepare --set prepare.source=work/raw"
        })
final class GenerateCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOptions options;

    @Option(names = "--dry-run", description = "Say what would be drawn, and write nothing.")
    private boolean dryRun;

    @Option(
            names = "--preview",
            paramLabel = "FILE.png",
            description = "Only draw a contact sheet: 48 samples with their questions and answers.")
    private Path preview;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Generate generate = new Generate(options.settings(), line -> {
            out.println(line);
            out.flush();
        });
        if (preview != null) {
            generate.preview(preview);
        } else {
            generate.check();
            generate.describe();
            if (!dryRun) {
                generate.run();
            }
        }
        return ExitStatus.DONE.code();
    }
}
