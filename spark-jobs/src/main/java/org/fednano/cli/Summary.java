package org.fednano.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.fednano.run.JobSession;
import org.fednano.runstore.RunReader;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.terminal.AccuracyHistory;
import org.fednano.terminal.AccuracyTable;

/** What a run has come to: a table of accuracies and where everything lies. */
final class Summary {

    private Summary() {}

    static void print(JobSession job, Settings settings, PrintWriter out) {
        RunReader run = RunReader.open(settings.get(RunKeys.DIR), job.hadoop());
        AccuracyHistory history = AccuracyHistory.read(
                settings.get(RunKeys.METRICS_DIR), run.info().runId(), job.hadoop());
        List<Integer> rounds = new ArrayList<>();
        history.rounds().forEach(rounds::add);
        if (!rounds.isEmpty()) {
            AccuracyTable.print(out, history, settings.get(RunKeys.EVAL_SPLITS), rounds);
        }
        out.println();
        run.lastCommitted().ifPresent(last -> out.println("adapter: " + adapter(settings, last)));
        out.println("metrics: " + settings.get(RunKeys.METRICS_DIR) + "  (run_id "
                + run.info().runId() + ")");
        out.flush();
    }

    static Path adapter(Settings settings, int round) {
        return new Path(settings.get(RunKeys.DIR), String.format("rounds/%05d/adapter.safetensors", round));
    }
}
