package org.fednano.prep;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.fednano.console.StatusLine;
import org.fednano.localdisk.LocalDisk;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.Settings;
import org.fednano.settings.SettingsOptions;
import org.fednano.sparkui.SparkUi;
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
            "",
            "Settings: prepare.*; prepare.format names the layout of prepare.source:",
            "  iconqa     IconQA's release: problems.json, iconqa/SPLIT/TYPE/ID/*.png",
            "  scienceqa  ScienceQA's release: problems.json, SPLIT/ID/image.png",
            "  llava      conversations in .json or .jsonl: id, image, conversations",
            "  table      rows in .jsonl or .parquet; prepare.columns says what is what",
            "",
            "Every record ends in a shard or, with its reason, in rejects/; manifest.json",
            "counts both. Nothing outside prepare.source and prepare.media_root is read."
        },
        footer = {
            "",
            "Examples:",
            "  What fednano generate drew; its records name their owners:",
            "    fednano prepare --set prepare.source=work/raw --set prepare.out=work/shards",
            "  A release without owners, over ten clients with skewed answers:",
            "    fednano prepare --set prepare.source=iconqa_data \\",
            "      --set prepare.split=dirichlet --set prepare.clients=10",
            "  ScienceQA whose pictures were not all fetched: those problems are rejects:",
            "    fednano prepare --set prepare.format=scienceqa --set prepare.source=sqa \\",
            "      --set prepare.split=iid --set prepare.max_reject_fraction=0.6",
            "  Conversations; the pictures lie elsewhere; one sample per answer:",
            "    fednano prepare --set prepare.format=llava --set prepare.source=chats \\",
            "      --set prepare.files=train.json --set prepare.media_root=/data/coco \\",
            "      --set prepare.split=iid",
            "  A table with column names of its own, and sounds beside the pictures:",
            "    fednano prepare --set prepare.format=table --set prepare.source=rows \\",
            "      --set prepare.columns.question=q --set prepare.columns.image=photo.bytes \\",
            "      --set prepare.columns.audio=wav --set prepare.split=iid",
            "  What would be kept, what rejected and why; nothing is written:",
            "    fednano prepare --dry-run --set prepare.source=iconqa_data \\",
            "      --set prepare.split=iid",
            "",
            "Exit status: 2 the output exists or the settings do not fit the data,",
            "3 the data is bad."
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
        LocalDisk.use(conf);
        SparkUi.use(conf);
        StatusLine.get().doing("starting Spark");
        try (SparkSession session =
                SparkSession.builder().config(conf).appName("fednano prepare").getOrCreate()) {
            StatusLine.get().doing("preparing");
            new Prepare(settings, session, line -> {
                        out.println(line);
                        out.flush();
                    })
                    .run(dryRun);
        }
        return ExitStatus.DONE.code();
    }
}
