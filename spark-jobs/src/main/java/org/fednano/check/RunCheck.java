package org.fednano.check;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.fednano.files.FaultInjector;
import org.fednano.files.Lease;
import org.fednano.files.RunFiles;
import org.fednano.runstore.Commit;
import org.fednano.runstore.MetricsFolder;
import org.fednano.runstore.RunInfo;
import org.fednano.runstore.RunPaths;
import org.fednano.runstore.RunReader;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** Looks at a run folder and its metric tables, and mends what the run knows. Needs no Spark session. */
public final class RunCheck {

    /** Longer than it takes to replace a metric file and its copy. */
    private static final Duration MOMENT = Duration.ofSeconds(1);

    private final RunFiles files;
    private final RunPaths paths;
    private final Where metrics;
    private final Configuration hadoop;
    private final Duration moment;

    /** Where the metric tables of a run are, as a folder URI. */
    @FunctionalInterface
    public interface Where {
        String of(RunInfo run);
    }

    /**
     * @param runDir the run folder, a URI
     * @throws JobException with status 2 for a file system that is not known
     */
    public RunCheck(String runDir, Where metrics, Configuration hadoop) {
        this(runDir, metrics, hadoop, MOMENT);
    }

    RunCheck(String runDir, Where metrics, Configuration hadoop, Duration moment) {
        try {
            paths = new RunPaths(RunReader.qualified(runDir, hadoop));
            files = RunFiles.of(paths.run(), hadoop, FaultInjector.NONE);
        } catch (IOException e) {
            throw new UncheckedIOException("Run folder " + runDir + " cannot be read", e);
        }
        this.metrics = metrics;
        this.hadoop = hadoop;
        this.moment = moment;
    }

    /**
     * Looks at everything; writes nothing. What seems broken is looked at a second time, since a call may be replacing it.
     *
     * @throws JobException with status 3 if there is no run
     */
    public Checkup look() {
        try {
            RunReader.requireBegun(files, paths);
            boolean held = seemsHeld();
            Checkup first = once(held);
            if (first.isSound()) {
                return first;
            }
            Thread.sleep(moment.toMillis());
            return first.confirmedBy(once(held || seemsHeld()));
        } catch (IOException e) {
            throw new UncheckedIOException("Run folder " + paths.run() + " cannot be read", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while looking at " + paths.run(), e);
        }
    }

    private boolean seemsHeld() {
        try {
            return Lease.seemsHeld(files, paths.run());
        } catch (IOException e) {
            return false; // what cannot be read there is a finding
        }
    }

    private Checkup once(boolean held) throws IOException {
        Look look = new Look(files, paths, held);
        Path runJson = paths.runJson();
        if (!look.document(files, runJson, "Restore it from a copy: without it nothing else can be looked at", null)) {
            return new Checkup(paths.run().toString(), "", 0, 0, 0, held, look.findings());
        }
        RunReader reader = RunReader.open(paths.run().toString(), hadoop);
        FolderCheck folder = new FolderCheck(look, reader);
        folder.documents();
        Map<Integer, Optional<Commit>> rounds = folder.rounds();
        MetricsFolder tables = MetricsFolder.at(metrics.of(reader.info()), reader.info(), hadoop);
        TableCheck rows = new TableCheck(look, reader, tables, hadoop, rounds);
        rows.all();
        return new Checkup(
                paths.run().toString(),
                tables.folder().toString(),
                rounds.size(),
                rows.compared(),
                rows.unrecorded(),
                held,
                look.findings());
    }

    /**
     * Mends what can be mended, holding the run's lease; what cannot stays as it is.
     *
     * @param broken by {@link #look()}
     * @param told of each thing that is mended
     * @return what is there afterwards
     * @throws JobException with status 6 if another writer holds the run, 2 if its folders cannot be written
     */
    public Checkup repair(Checkup broken, Consumer<Finding> told) {
        List<Finding> leases = broken.findings().stream()
                .filter(f -> f.where().startsWith("lease/") && f.isRepairable())
                .toList();
        try {
            mend(leases, told); // before a lease can be taken
            try (Lease lease = Lease.acquire(files, paths.run(), Lease.Timing.DEFAULT)) {
                mend(
                        once(false).findings().stream()
                                .filter(Finding::isRepairable)
                                .toList(),
                        told);
                lease.check();
                return once(false);
            }
        } catch (IOException e) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "--repair expects folders that can be written, " + paths.run() + " and "
                            + broken.metrics() + ": found one that cannot, " + e
                            + ". Call it as a user who may, or without --repair.",
                    e);
        }
    }

    private static void mend(List<Finding> findings, Consumer<Finding> told) throws IOException {
        for (Finding finding : findings) {
            finding.fix().apply();
            told.accept(finding);
        }
    }
}
