package org.fednano.pretrain;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.SettingsOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fednano pretrain}. */
@Command(
        name = "pretrain",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Makes conf/models/nano-llava again: trains vision tower, connector and decoder from random weights on the",
            "base world of IconWorld, writes a model folder in Hugging Face layout with a model card, and evaluates it",
            "on the test split. Needs no cluster; some 20 to 40 minutes on two cores.",
            ""
        },
        footer = {
            "",
            "Example:",
            "  fednano generate --set generate.world=base --set generate.train=100000 --set generate.test=2000 \\",
            "      --set generate.out=work/base",
            "  fednano prepare --set prepare.source=work/base --set prepare.out=work/base-shards",
            "  fednano pretrain --set pretrain.shards=work/base-shards --set pretrain.out=work/nano-llava"
        })
public final class PretrainCommand implements Callable<Integer> {

    @Mixin
    private SettingsOptions options;

    @Option(names = "--dry-run", description = "Check input and output, say what would be done, and write nothing.")
    private boolean dryRun;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Pretrainer pretrainer = new Pretrainer(options.settings(), line -> {
            out.println(line);
            out.flush();
        });
        if (dryRun) {
            pretrainer.describe();
        } else {
            pretrainer.run();
        }
        return ExitStatus.DONE.code();
    }
}
