package org.fednano.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.fednano.evaluation.PredictJob;
import org.fednano.run.JobSession;
import org.fednano.run.Rounds;
import org.fednano.runstore.AdapterFile;
import org.fednano.runstore.RunReader;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.Location;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.settings.SettingsOptions;
import org.fednano.spark.SparkHadoop;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fednano predict}: answers for new pictures and questions. */
@Command(
        name = "predict",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Answers the rows of a Parquet file (or folder of files) with the adapter of a committed round. Columns:",
            "sample_id (text or number), question, image (a picture's bytes, {bytes, path} with bytes, or a list of",
            "these; may be missing for text), and optionally context and choices (list of texts). Other columns are left",
            "alone. Writes Parquet with sample_id, predicted and predicted_index (−1: no choices), in the rows' order.",
            ""
        },
        footer = {"", "Example:", "  fednano predict --input new.parquet --output work/answers --set run.dir=work/run"})
final class PredictCommand implements Callable<Integer> {

    @Mixin
    private SettingsOptions options;

    @Option(names = "--input", required = true, paramLabel = "PARQUET", description = "File or folder (URI) to answer.")
    private String input;

    @Option(names = "--output", required = true, paramLabel = "DIR", description = "Folder (URI) to create.")
    private String output;

    @Option(names = "--round", paramLabel = "N", description = "A committed round; default: the last one.")
    private Integer round;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Location.require("--input", input);
        Location.require("--output", output);
        PrintWriter out = spec.commandLine().getOut();
        RunReader run = RunReader.open(options.settings().get(RunKeys.DIR), SparkHadoop.configuration());
        Settings settings = options.settingsOver(run.info().sets());
        AdapterFile adapter = run.adapter(Rounds.pick(run, round));
        try (JobSession job = new JobSession(settings);
                PredictJob prediction = new PredictJob(
                        job.sparkSession().sparkContext(), settings, job.model(), job.edge(), job.llm())) {
            PredictJob.Done done = prediction.answer(input, output, adapter.layout(), adapter.theta());
            out.println("answered " + done.rows() + " samples with round " + adapter.round() + ": " + output);
            if (done.cut() > 0) {
                out.println("warning: " + done.cut() + " prompts are cut to " + ModelKeys.MAX_PROMPT_TOKENS.key()
                        + " = " + settings.get(ModelKeys.MAX_PROMPT_TOKENS) + " tokens; the log names the first");
            }
            out.flush();
            return ExitStatus.DONE.code();
        }
    }
}
