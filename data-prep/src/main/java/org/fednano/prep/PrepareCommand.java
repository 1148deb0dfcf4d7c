package org.fednano.prep;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.Settings;
import org.fednano.settings.SettingsOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fednano prepare}. */
@Command(
        name = "prepare",
        mixinStandardHelpOptions = true,
        description = {
            "Turns a raw data set into one shard per client.",
            "Settings: prepare.*. Reads IconQA's release layout: choose_txt and fill_in_blank problems. Every record",
            "ends in a shard or, with its reason, in rejects/; manifest.json counts both."
        },
        footer = {
            "",
            "Examples:",
            "  fednano prepare --set prepare.source=work/raw --set prepare.out=work/shards",
            "  fednano prepare --set prepare.source=iconqa --set prepare.split=dirichlet --set prepare.clients=10 \\",
            "      --set prepare.max_reject_fraction=0.6",
            "Exit status: 2 the output exists or the settings do not fit the data, 3 the data is bad."
        })
final class PrepareCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOptions options;

    @Option(names = "--dry-run", description = "Check and split, say the counts, and write nothing.")
    private boolean dryRun;

    @Override
    public Integer call() {
        Settings settings = options.settings();
        PrintWriter out = spec.commandLine().getOut();
        SparkConf conf = new SparkConf().setIfMissing("spark.master", "local[*]");
        try (SparkSession session =
                SparkSession.builder().config(conf).appName("fednano prepare").getOrCreate()) {
            new Prepare(settings, session, line -> {
                        out.println(line);
                        out.flush();
                    })
                    .run(dryRun);
        }
        return ExitStatus.DONE.code();
    }
}
