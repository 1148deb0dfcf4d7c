package org.fednano.run;

import java.io.PrintWriter;
import java.util.List;
import org.fednano.cluster.Survey;
import org.fednano.settings.ModelKeys;
import org.fednano.terminal.Figures;

/** Cached features before a run's first round, with a line for the reader. */
public final class Features {

    private Features() {}

    /** Makes what is missing. */
    public static void prepare(JobSession job, PrintWriter out) {
        long start = System.nanoTime();
        print(job, job.cluster().prepare(), start, out);
    }

    /** Before a round, where owners are apart: what came in meanwhile. */
    static void refresh(JobSession job, List<String> cohort, PrintWriter out) {
        long start = System.nanoTime();
        print(job, job.cluster().refresh(cohort), start, out);
    }

    public static void print(JobSession job, Survey encoded, long startNanos, PrintWriter out) {
        if (!encoded.made().isEmpty()) {
            out.println("encoded " + encoded.rows() + " samples of "
                    + encoded.made().size() + " clients  "
                    + Figures.seconds((System.nanoTime() - startNanos) / 1e9) + "  "
                    + job.cluster().featuresFolder());
            out.flush();
        }
        encoded.troubles().forEach((client, why) -> out.println("warning: " + client + " cannot take part: " + why));
        out.flush();
        if (!encoded.cuts().isEmpty()) {
            Survey.Cut first = encoded.cuts().get(0);
            out.println("warning: "
                    + encoded.cuts().stream().mapToLong(Survey.Cut::prompts).sum() + " prompts of "
                    + encoded.cuts().size() + " clients are cut to " + ModelKeys.MAX_PROMPT_TOKENS.key() + " = "
                    + job.settings().get(ModelKeys.MAX_PROMPT_TOKENS) + " tokens, first that of sample " + first.first()
                    + " (client " + first.clientId() + ")");
            out.flush();
        }
    }
}
