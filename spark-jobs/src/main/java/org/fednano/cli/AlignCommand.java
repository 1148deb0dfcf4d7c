package org.fednano.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.fednano.align.Aligner;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.SettingsOptions;
import org.fednano.spark.SparkHadoop;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fednano align}: a connector for an encoder and an LLM that have never met. */
@Command(
        name = "align",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Trains the connector between a frozen encoder and a frozen LLM on shards whose answers describe their pictures",
            "(LLaVA's first stage), and writes the encoder folder that model.encoders reads. The LLM is the one of model.dir, or of",
            "llm.endpoints. It runs in the driver; the shards must be ones that may be read there. A call that was stopped goes",
            "on behind its last checkpoint, with the same result.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fednano align --set align.shards=work/captions --set align.encoder=work/encoder --set model.dir=work/llm \\",
            "      --set align.out=work/aligned",
            "  fednano train --set model.dir=work/llm --set 'model.encoders=[\"image=work/aligned\"]' --set run.dir=work/run"
        })
final class AlignCommand implements Callable<Integer> {

    @Mixin
    private SettingsOptions options;

    @Option(
            names = "--dry-run",
            description = "Check settings, shards, model and encoder, say what would be done, and write nothing.")
    private boolean dryRun;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (Aligner aligner = new Aligner(options.settings(), SparkHadoop.configuration(), line -> {
            out.println(line);
            out.flush();
        })) {
            if (dryRun) {
                aligner.describe();
            } else {
                aligner.run();
            }
        }
        return ExitStatus.DONE.code();
    }
}
