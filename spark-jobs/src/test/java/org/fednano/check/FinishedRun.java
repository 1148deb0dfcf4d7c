package org.fednano.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.fednano.metrics.RoundMetrics;
import org.fednano.metrics.Rows;
import org.fednano.runstore.LastCommand;
import org.fednano.runstore.RoundCommit;
import org.fednano.runstore.RunStore;
import org.fednano.runstore.Runs;
import org.fednano.settings.ExitStatus;

/** A finished run of rounds 0 to 2, evaluated, round 1 a second time, in {@code root/run} with metrics in {@code root/metrics}. */
public final class FinishedRun {

    static final int LAST = 2;

    private FinishedRun() {}

    public static void make(Path root) {
        try (RunStore store = Runs.open(root)) {
            for (int round = 0; round <= LAST; round++) {
                RoundMetrics all = Rows.all(round, "fednano");
                store.commit(new RoundCommit(
                        Runs.adapter(round),
                        List.of(),
                        new RoundMetrics(all.rounds(), all.clients(), List.of(), List.of()),
                        true));
                store.publishEvaluation(RoundMetrics.evaluation(all.evaluations(), all.predictions()));
            }
        }
        Runs.reader(root)
                .publish(
                        root.resolve("metrics").toString(),
                        1,
                        RoundMetrics.evaluation(List.of(Rows.evaluation("c001", "test", "", "model", 77)), List.of()));
        new LastCommand("train", ExitStatus.DONE, LAST, LAST, 0.5, "rounds committed: 2", Instant.EPOCH)
                .write(root.resolve("run").toString(), Runs.HADOOP);
    }

    static RunCheck check(Path root) {
        return new RunCheck(
                root.resolve("run").toString(), info -> root.resolve("metrics").toString(), Runs.HADOOP, Duration.ZERO);
    }

    /** Names of all files below run and metrics, relative to root. */
    static SortedSet<String> files(Path root) {
        SortedSet<String> all = new TreeSet<>();
        for (String folder : List.of("run", "metrics")) {
            Runs.files(root.resolve(folder), true).forEach(name -> all.add(folder + "/" + name));
        }
        return all;
    }

    /** The same file of another round, which exists but for what comes once in a run; null then. */
    static Path ofAnotherRound(Path root, String name) throws IOException {
        for (int round = 0; round <= LAST; round++) {
            String other = name.replaceFirst("rounds/0000[0-9]", "rounds/0000" + round)
                    .replaceFirst("round=[0-9]", "round=" + round);
            if (!other.equals(name)) {
                // Names of copies differ by their checksum.
                String stem = root.resolve(other).getFileName().toString().replaceFirst("-[0-9a-f]{64}.*", "");
                try (var beside = Files.list(root.resolve(other).getParent())) {
                    var found = beside.filter(f -> f.getFileName().toString().startsWith(stem))
                            .findFirst();
                    if (found.isPresent()) {
                        return found.get();
                    }
                } catch (java.nio.file.NoSuchFileException e) {
                    continue; // round 0 has no clients
                }
            }
        }
        return null;
    }
}
