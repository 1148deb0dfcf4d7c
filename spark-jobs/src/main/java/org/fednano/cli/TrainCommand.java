package org.fednano.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.fednano.run.CommandLog;
import org.fednano.run.Features;
import org.fednano.run.JobSession;
import org.fednano.run.Preview;
import org.fednano.run.TrainingRun;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.RecordedCommand;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.settings.SettingsOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fednano train}: rounds until the goal is committed. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Trains until run.rounds rounds are committed in the run folder: starts a run, continues one where it",
            "stands, or finds nothing to do. A killed run goes on from its last commit with the same result.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fednano train --set run.shards=work/shards --set run.dir=work/run",
            "  fednano train --rounds 20 --set run.strategy=fedavg --set run.dir=work/fedavg",
            "  fednano train --conf conf/runs/demo.conf --dry-run",
            "  fednano train --set run.clients=clients.conf --set run.client_tags=[eu] --set run.data_until=2026-01-31"
        })
final class TrainCommand implements Callable<Integer>, RecordedCommand {

    @Mixin
    private SettingsOptions options;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds to have committed at the end (run.rounds).")
    private Integer rounds;

    @Option(names = "--dry-run", description = "Check settings, model and shards, say what would be done, and stop.")
    private boolean dryRun;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (dryRun) {
            try (JobSession job = new JobSession(settings())) {
                Preview.print(job, spec.commandLine().getOut());
            }
            return ExitStatus.DONE.code();
        }
        return CommandLog.record("train", options, () -> train(settings())).code();
    }

    @Override
    public void refused(SettingsOptions given, ExitStatus status, String message) {
        if (!dryRun) {
            CommandLog.refused("train", given, status, message);
        }
    }

    private String train(Settings settings) {
        PrintWriter out = spec.commandLine().getOut();
        int goal = settings.get(RunKeys.ROUNDS);
        try (JobSession job = new JobSession(settings);
                TrainingRun run = new TrainingRun(job, settings, out)) {
            Features.prepare(job, out);
            run.trainTo(goal);
            Summary.print(job, settings, out);
            return "rounds committed: " + goal;
        }
    }

    private Settings settings() {
        Settings settings = options.settings();
        return rounds == null ? settings : settings.with(RunKeys.ROUNDS, rounds);
    }
}
