package org.fednano.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.fednano.cluster.Survey;
import org.fednano.run.Features;
import org.fednano.run.JobSession;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.SettingsOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code fednano encode}: features of every client, once. */
@Command(
        name = "encode",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Writes what the frozen encoder, connector and prompt make of every sample, one folder per client under",
            "SHARDS/features, or with the owners of a catalogue (run.clients). Checks what is there and makes again what is",
            "missing or damaged. `train` calls it.",
            ""
        },
        footer = {"", "Example:", "  fednano encode --set run.shards=work/shards"})
final class EncodeCommand implements Callable<Integer> {

    @Mixin
    private SettingsOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (JobSession job = new JobSession(options.settings())) {
            long start = System.nanoTime();
            Survey encoded = job.cluster().encode();
            Features.print(job, encoded, start, out);
            if (encoded.made().isEmpty()) {
                out.println("nothing to do: " + (encoded.troubles().isEmpty() ? "all" : "the other clients'")
                        + " features are sound in "
                        + job.cluster().featuresFolder());
            }
            out.flush();
            return ExitStatus.DONE.code();
        }
    }
}
