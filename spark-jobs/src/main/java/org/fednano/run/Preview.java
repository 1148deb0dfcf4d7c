package org.fednano.run;

import java.io.PrintWriter;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.adapter.AdapterLayout;
import org.fednano.algorithm.TrainingPlan;
import org.fednano.cluster.ClientCluster;
import org.fednano.cluster.Survey;
import org.fednano.runstore.RunReader;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.shards.ClientLocation;
import org.fednano.shards.Federation;
import org.fednano.terminal.Figures;

/** What {@code train --dry-run} says; nothing is written. */
public final class Preview {

    private Preview() {}

    public static void print(JobSession job, PrintWriter out) {
        Settings settings = job.settings();
        Federation federation = job.cluster().federation();
        AdapterLayout layout = job.layout();
        TrainingPlan plan = TrainingPlan.of(settings, layout, federation.trainingIds());
        Survey found = job.cluster().survey();
        long rows = found.trainingRows().values().stream()
                .mapToLong(Long::longValue)
                .sum();
        String origin =
                federation.origin() + ": " + found.trainingRows().size() + " clients, " + rows + " training rows";
        if (federation instanceof Federation.Catalogued) {
            out.println("clients    " + origin);
            clients(job.cluster(), found, out);
        } else {
            out.println("shards     " + origin);
        }
        out.println("model      " + job.llm().info().name() + ": H = " + layout.hidden() + ", "
                + job.llm().info().layers() + " layers");
        out.println("adapter    rank " + layout.rank() + ", " + layout.size() + " values, "
                + Figures.megabytes(4L * layout.size()) + " per upload");
        out.println("strategy   " + settings.get(RunKeys.STRATEGY) + ", seed " + plan.seed());
        int committed = committed(job, settings);
        out.println("run        " + settings.get(RunKeys.DIR) + ": "
                + (committed < 0 ? "would be started" : committed + " rounds committed"));
        out.println("would do   " + Math.max(0, plan.rounds() - Math.max(0, committed)) + " rounds");
        out.flush();
    }

    /** Each owner's place, what it has, or why it cannot take part. */
    private static void clients(ClientCluster cluster, Survey found, PrintWriter out) {
        for (ClientLocation client : cluster.federation().clients()) {
            String newest = cluster.place(client.id()).newestData();
            String trouble = found.troubles().get(client.id());
            out.println("           " + client.id() + "  " + client.rows() + "  "
                    + (trouble == null
                            ? found.trainingRows().get(client.id()) + " training rows"
                                    + (newest == null ? "" : ", newest of " + newest)
                            : "cannot take part: " + trouble));
        }
    }

    private static int committed(JobSession job, Settings settings) {
        Path run = new Path(settings.get(RunKeys.DIR), "run.json");
        try {
            FileSystem fs = run.getFileSystem(job.hadoop());
            return fs.exists(run)
                    ? RunReader.open(settings.get(RunKeys.DIR), job.hadoop())
                            .lastCommitted()
                            .orElse(-1)
                    : -1;
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException("Looking for " + run, e);
        }
    }
}
