package org.fednano.cli;

import java.io.PrintWriter;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.fednano.run.CommandLog;
import org.fednano.run.Features;
import org.fednano.run.JobSession;
import org.fednano.run.Standing;
import org.fednano.run.TrainingRun;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.RecordedCommand;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.settings.SettingsOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code fednano round}: at most one more round. */
@Command(
        name = "round",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Commits at most one more round of a run, and nothing once run.rounds are committed: what a scheduler",
            "calls again and again. RUN/last.json says how it ended. The first call starts the run.",
            ""
        },
        footer = {"", "Example:", "  fednano round --set run.dir=work/run --set run.rounds=20"})
final class RoundCommand implements Callable<Integer>, RecordedCommand {

    @Mixin
    private SettingsOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return CommandLog.record("round", options, () -> round(options.settings()))
                .code();
    }

    @Override
    public void refused(SettingsOptions given, ExitStatus status, String message) {
        CommandLog.refused("round", given, status, message);
    }

    private String round(Settings settings) {
        PrintWriter out = spec.commandLine().getOut();
        int goal = settings.get(RunKeys.ROUNDS);
        OptionalInt finished = Standing.finished(settings);
        if (finished.isPresent()) {
            return nothingToDo(out, finished.getAsInt(), goal);
        }
        try (JobSession job = new JobSession(settings);
                TrainingRun run = new TrainingRun(job, settings, out)) {
            int committed = run.lastCommitted().orElse(0);
            if (committed >= goal && !run.isEvaluationDue()) {
                return nothingToDo(out, committed, goal);
            }
            Features.prepare(job, out);
            if (committed >= goal) {
                run.finishEvaluation();
                return "last round evaluated";
            }
            run.trainTo(committed + 1);
            return "one round";
        }
    }

    private static String nothingToDo(PrintWriter out, int committed, int goal) {
        out.println("nothing to do: " + committed + " of " + goal + " rounds are committed");
        out.flush();
        return "nothing to do";
    }
}
