package org.fednano.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.Path;
import org.fednano.run.Features;
import org.fednano.run.JobSession;
import org.fednano.run.Standing;
import org.fednano.run.TimeLeft;
import org.fednano.run.TrainingRun;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.settings.SettingsOptions;
import org.fednano.terminal.AccuracyHistory;
import org.fednano.terminal.Comparison;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fednano compare}: strategies × seeds on the same shards, one table. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Trains every strategy with every seed on the same shards, each in a run folder of its own under run.dir,",
            "and prints final accuracies as mean ± standard deviation over seeds, beside zero-shot and the majority",
            "answer. Stopped, it goes on where it was. Writes comparison.csv to run.dir.",
            ""
        },
        footer = {
            "",
            "Example:",
            "  fednano compare --strategies fednano,fednano-norm,fedavg --seeds 1,2,3 --set run.dir=work/compare"
        })
final class CompareCommand implements Callable<Integer> {

    @Mixin
    private SettingsOptions options;

    @Option(
            names = "--strategies",
            required = true,
            split = ",",
            paramLabel = "NAME",
            description = "Strategies, separated by commas.")
    private List<String> strategies;

    @Option(
            names = "--seeds",
            split = ",",
            defaultValue = "1,2,3",
            paramLabel = "N",
            description = "Run seeds, separated by commas; default: ${DEFAULT-VALUE}.")
    private List<Long> seeds;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds of each run (run.rounds).")
    private Integer rounds;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Settings settings = settings();
        PrintWriter out = spec.commandLine().getOut();
        List<Settings> runs = runs(settings);
        try (JobSession job = new JobSession(settings)) {
            Features.prepare(job, out);
            List<Comparison.Run> results = new ArrayList<>();
            TimeLeft left = new TimeLeft(runs.stream()
                    .mapToInt(run -> Standing.roundsToGo(run, job.hadoop()))
                    .sum());
            for (Settings run : runs) {
                String which = "run " + (results.size() + 1) + " of " + runs.size();
                out.println();
                out.print(which + ": ");
                results.add(train(job, run, which, left, out));
            }
            job.progress().within("");
            Comparison comparison = new Comparison(results, settings.get(RunKeys.EVAL_SPLITS));
            comparison.print(out);
            Path csv = comparison.write(settings.get(RunKeys.DIR), job.hadoop());
            out.println();
            out.println("as CSV: " + csv);
            out.println("metrics: " + settings.get(RunKeys.METRICS_DIR));
            out.flush();
            return ExitStatus.DONE.code();
        }
    }

    private static Comparison.Run train(
            JobSession job, Settings settings, String which, TimeLeft left, PrintWriter out) {
        String strategy = settings.get(RunKeys.STRATEGY);
        long seed = settings.get(RunKeys.SEED);
        job.progress().within(which + " (" + strategy + ", seed " + seed + ")");
        out.println(strategy + ", seed " + seed + "  " + settings.get(RunKeys.DIR));
        out.flush();
        try (TrainingRun run = new TrainingRun(job, settings, out)) {
            run.trainTo(settings.get(RunKeys.ROUNDS), left);
        }
        AccuracyHistory history =
                AccuracyHistory.read(settings.get(RunKeys.METRICS_DIR), settings.get(RunKeys.ID), job.hadoop());
        return new Comparison.Run(strategy, seed, settings.get(RunKeys.ID), history);
    }

    private Settings settings() {
        Settings settings = options.settings();
        return rounds == null ? settings : settings.with(RunKeys.ROUNDS, rounds);
    }

    /** Each run's settings; all are checked before the first one starts. */
    private List<Settings> runs(Settings settings) {
        if (settings.get(RunKeys.EVAL_EVERY) == 0) {
            throw JobException.usage(
                    "compare needs evaluated rounds: found eval.every=0. Set eval.every to run.rounds or less.");
        }
        String folder = settings.get(RunKeys.DIR);
        String base = settings.get(RunKeys.ID).isEmpty() ? new Path(folder).getName() : settings.get(RunKeys.ID);
        List<Settings> runs = new ArrayList<>();
        for (String strategy : strategies) {
            for (long seed : seeds) {
                String name = strategy + "-s" + seed;
                runs.add(settings.with(RunKeys.STRATEGY, strategy)
                        .with(RunKeys.SEED, seed)
                        .with(RunKeys.DIR, new Path(folder, name).toString())
                        .with(RunKeys.ID, base + "-" + name));
            }
        }
        return runs;
    }
}
