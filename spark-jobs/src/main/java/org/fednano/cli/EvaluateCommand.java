package org.fednano.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.fednano.evaluation.EvaluateJob;
import org.fednano.metrics.RoundMetrics;
import org.fednano.run.Features;
import org.fednano.run.JobSession;
import org.fednano.run.Rounds;
import org.fednano.runstore.AdapterFile;
import org.fednano.runstore.RunReader;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.settings.SettingsOptions;
import org.fednano.spark.SparkHadoop;
import org.fednano.terminal.AccuracyHistory;
import org.fednano.terminal.AccuracyTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fednano evaluate}: accuracy of a committed round. */
@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Answers every client's own test rows with the adapter of a committed round, writes the metric tables",
            "evaluations and predictions, and prints the accuracies beside the majority answer's.",
            "Round 0 is the model without training (zero-shot). Method settings are the run's own.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fednano evaluate --set run.dir=work/run",
            "  fednano evaluate --round 0 --set run.dir=work/run --set eval.splits=[val]"
        })
final class EvaluateCommand implements Callable<Integer> {

    @Mixin
    private SettingsOptions options;

    @Option(names = "--round", paramLabel = "N", description = "A committed round; default: the last one.")
    private Integer round;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        RunReader run = RunReader.open(options.settings().get(RunKeys.DIR), SparkHadoop.configuration());
        Settings settings = options.settingsOver(run.info().sets());
        AdapterFile adapter = run.adapter(Rounds.pick(run, round));
        try (JobSession job = new JobSession(settings)) {
            Features.prepare(job, out);
            EvaluateJob evaluation = job.cluster().evaluate(adapter.round(), adapter.layout(), adapter.theta());
            job.progress().between("publishing the evaluation");
            run.publish(
                    settings.get(RunKeys.METRICS_DIR),
                    adapter.round(),
                    RoundMetrics.evaluation(evaluation.evaluations(), evaluation.predictions()));
            print(job, run, adapter.round(), out);
            return status(evaluation).code();
        }
    }

    private static void print(JobSession job, RunReader run, int round, PrintWriter out) {
        String metrics = job.settings().get(RunKeys.METRICS_DIR);
        AccuracyHistory history = AccuracyHistory.read(metrics, run.info().runId(), job.hadoop());
        AccuracyTable.print(out, history, job.settings().get(RunKeys.EVAL_SPLITS), List.of(round));
        out.println();
        out.println("metrics: " + metrics + "  (run_id " + run.info().runId() + ", round " + round + ")");
        out.flush();
    }

    private static ExitStatus status(EvaluateJob evaluation) {
        if (!evaluation.failures().isEmpty()) {
            var first = evaluation.failures().entrySet().iterator().next();
            throw JobException.badInput(evaluation.failures().size() + " clients could not be evaluated; client "
                    + first.getKey() + ": " + first.getValue());
        }
        return ExitStatus.DONE;
    }
}
