package org.fednano.report;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.fednano.report.data.MetricsReader;
import org.fednano.report.data.Report;
import org.fednano.report.data.RunMetrics;
import org.fednano.report.data.ShardSummary;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Location;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.spark.SparkHadoop;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fednano report}: a page for people, from Parquet metrics or a shards' manifest alone. Starts no Spark job. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Writes report.html and report.txt about a run, from its Parquet metrics alone.",
            "The page needs no network and no other file. An existing report is replaced.",
            "With several run ids it compares them: each run's figures, then mean and spread per strategy.",
            "With --shards it says instead how rows and labels lie with the clients of a prepared data set.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fednano report --set run.dir=work/run",
            "  fednano report --set run.metrics_dir=work/metrics --runs fedavg-1,fednano-1 --out work/compared",
            "  fednano report --shards work/shards"
        })
public final class ReportCommand implements Callable<Integer> {

    @Option(
            names = "--conf",
            paramLabel = "FILE",
            description = "Settings in HOCON; may come several times, later ones win.")
    private List<java.nio.file.Path> conf = new ArrayList<>();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "One setting, over all files; may come several times. Used here: run.dir, run.id,"
                    + " run.metrics_dir.")
    private List<String> sets = new ArrayList<>();

    @Option(
            names = "--runs",
            paramLabel = "ID",
            split = ",",
            description = "Run ids as in the metric tables, separated by commas. Default: run.id, or else the run"
                    + " folder's last path element.")
    private List<String> runs = new ArrayList<>();

    @Option(names = "--shards", paramLabel = "DIR", description = "Prepared shards (URI) to report on instead of runs.")
    private String shards;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description =
                    "Folder (URI) for the two files; created where missing. Default: report in the run folder, or in the shards folder.")
    private String out;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        // Charts are drawn to memory: a display that DISPLAY names but nobody answers must not matter.
        System.setProperty("java.awt.headless", "true");
        Settings settings = Settings.load(conf, sets);
        if (shards != null) {
            Location.require("--shards", shards);
        }
        if (out != null) {
            Location.require("--out", out);
        }
        Configuration hadoop = SparkHadoop.configuration();
        if (shards != null && !runs.isEmpty()) {
            throw JobException.usage("report takes --shards or --runs: found both. Call it twice.");
        }
        Report report = shards == null ? ofRuns(settings, hadoop) : SkewReport.of(ShardSummary.read(shards, hadoop));
        Path folder = folder(settings);
        ReportFiles.write(report, folder, hadoop);
        PrintWriter terminal = spec.commandLine().getOut();
        terminal.println(report.summary());
        terminal.println("report: " + new Path(folder, ReportFiles.HTML));
        terminal.println("as text: " + new Path(folder, ReportFiles.TEXT));
        terminal.flush();
        return ExitStatus.DONE.code();
    }

    private Report ofRuns(Settings settings, Configuration hadoop) {
        MetricsReader reader = new MetricsReader(settings.get(RunKeys.METRICS_DIR), hadoop);
        List<RunMetrics> metrics = runIds(settings).stream().map(reader::read).toList();
        return metrics.size() == 1 ? RunReport.of(metrics.get(0)) : ComparisonReport.of(metrics);
    }

    private List<String> runIds(Settings settings) {
        List<String> given =
                runs.stream().map(String::strip).filter(r -> !r.isEmpty()).toList();
        if (!given.isEmpty()) {
            return List.copyOf(new LinkedHashSet<>(given));
        }
        String id = settings.get(RunKeys.ID);
        return List.of(id.isEmpty() ? new Path(settings.get(RunKeys.DIR)).getName() : id);
    }

    private Path folder(Settings settings) {
        return out == null ? new Path(shards == null ? settings.get(RunKeys.DIR) : shards, "report") : new Path(out);
    }
}
