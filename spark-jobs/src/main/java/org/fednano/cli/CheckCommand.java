package org.fednano.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.fednano.check.Checkup;
import org.fednano.check.Finding;
import org.fednano.check.RunCheck;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Location;
import org.fednano.settings.RunKeys;
import org.fednano.settings.SettingsOptions;
import org.fednano.spark.SparkHadoop;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fednano check}: is a run what was committed? Starts no Spark job. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Compares a run folder and its rows in the metric tables with their checksums: every round's adapter and",
            "commit, every metric file, every JSON document, leftovers of killed calls. Prints each thing that is broken",
            "with what to do about it, and ends with status 3; 0 if all is sound. A run may be looked at while it trains.",
            ""
        },
        footer = {"", "Examples:", "  fednano check work/run", "  fednano check work/run --repair"})
final class CheckCommand implements Callable<Integer> {

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "RUN",
            description =
                    "Run folder (URI); default: run.dir. The tables are looked for in the run's own run.metrics_dir;"
                            + " --set run.metrics_dir=… names another folder.")
    private String folder;

    @Option(
            names = "--repair",
            description =
                    "Publish again the metric files that the run keeps copies of, and remove what killed calls left."
                            + " Adapters and commits cannot be made again.")
    private boolean repair;

    @Mixin
    private SettingsOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        String run = folder == null ? options.settings().get(RunKeys.DIR) : Location.require("RUN", folder);
        Configuration hadoop = SparkHadoop.configuration();
        RunCheck check =
                new RunCheck(run, info -> options.settingsOver(info.sets()).get(RunKeys.METRICS_DIR), hadoop);
        Checkup checkup = check.look();
        if (repair && !checkup.isSound()) {
            checkup = check.repair(checkup, finding -> out.println("repaired: " + finding.where()));
        }
        checkup.findings().forEach(finding -> out.println(word(finding) + finding));
        out.println(summary(checkup));
        out.flush();
        if (!checkup.isSound()) {
            throw JobException.badInput(refusal(checkup));
        }
        return ExitStatus.DONE.code();
    }

    private String word(Finding finding) {
        return repair && !finding.isRepairable() ? "cannot be repaired: " : "broken: ";
    }

    private static String summary(Checkup checkup) {
        return "checked " + checkup.folder() + ": " + checkup.rounds() + " committed rounds; in " + checkup.metrics()
                + " "
                + checkup.compared() + " metric files with a checksum"
                + (checkup.unrecorded() == 0
                        ? ""
                        : ", " + checkup.unrecorded()
                                + " of an earlier version (no checksum recorded; they can be read)")
                + (checkup.held() ? "; another call writes to the run: its last round was left out" : "")
                + (checkup.isSound() ? ": all sound" : "");
    }

    private String refusal(Checkup checkup) {
        long mendable =
                checkup.findings().stream().filter(Finding::isRepairable).count();
        return "A sound run expected in " + checkup.folder() + ": found "
                + checkup.findings().size() + " broken thing(s), listed above, first "
                + checkup.findings().get(0).where() + ". "
                + (mendable == 0
                        ? "Nothing of it can be repaired from what the run keeps."
                        : mendable + " of it can be repaired: call it again with --repair.");
    }
}
