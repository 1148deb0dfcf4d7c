package org.fednano.run;

import java.util.Map;
import java.util.OptionalInt;
import org.apache.hadoop.conf.Configuration;
import org.fednano.runstore.RunReader;
import org.fednano.runstore.RunSpec;
import org.fednano.runstore.RunStore;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.spark.SparkHadoop;

/** Where a run stands, told from its folder alone: what a scheduler asks most often needs neither Spark nor a model. */
public final class Standing {

    private Standing() {}

    /**
     * How many rounds a run still is to have.
     *
     * @throws JobException with status 3 if its folder is damaged
     */
    public static int roundsToGo(Settings settings, Configuration hadoop) {
        String folder = settings.get(RunKeys.DIR);
        int committed = RunReader.hasBegun(folder, hadoop)
                ? RunReader.open(folder, hadoop).lastCommitted().orElse(0)
                : 0;
        return Math.max(0, settings.get(RunKeys.ROUNDS) - committed);
    }

    /**
     * The rounds of a run that has all it is to have. What a killed call left undone in its folder and tables is done first,
     * as {@link RunStore#open} does.
     *
     * @return empty where there is something to do, or no run yet
     * @throws JobException as {@link RunStore#open}; model, encoder and shards are not looked at
     */
    public static OptionalInt finished(Settings settings) {
        Configuration hadoop = SparkHadoop.configuration();
        String folder = settings.get(RunKeys.DIR);
        if (!RunReader.hasBegun(folder, hadoop)) {
            return OptionalInt.empty();
        }
        RunReader run = RunReader.open(folder, hadoop);
        OptionalInt last = run.lastCommitted();
        if (last.orElse(-1) < settings.get(RunKeys.ROUNDS)) {
            return OptionalInt.empty();
        }
        try (RunStore store = RunStore.open(new RunSpec(settings, run.info().fingerprints(), Map.of()), hadoop)) {
            boolean due = settings.get(RunKeys.EVAL_EVERY) > 0
                    && store.evaluationDue().isPresent();
            return due ? OptionalInt.empty() : last;
        }
    }
}
