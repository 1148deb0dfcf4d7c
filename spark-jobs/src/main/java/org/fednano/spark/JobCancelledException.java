package org.fednano.spark;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** Somebody cancelled a Spark job or its stage: in Spark's UI, or by the context's methods. */
public final class JobCancelledException extends JobException {

    private static final long serialVersionUID = 1L;

    /** Spark 3.5 has no class of error for it; its message begins so, whoever asked and whatever for. */
    private static final Pattern CANCELLED = Pattern.compile("Job \\d+ cancelled ?(.*)", Pattern.DOTALL);

    private JobCancelledException(String what, String why, Throwable cause) {
        super(
                ExitStatus.FAILED,
                what + " was cancelled in Spark, and not by this command"
                        + (why.isBlank() ? "" : " (" + why.strip() + ")")
                        + ": what it had not committed is left out. Was it killed in Spark's UI"
                        + " (spark.ui.killEnabled)? Call the command again to go on.",
                cause);
    }

    /**
     * Looks at why a job failed.
     *
     * @param what the job was
     * @throws JobCancelledException if it was cancelled, and its context runs on
     */
    static void check(Exception failure, SparkContext spark, String what) {
        if (failure instanceof SparkException && failure.getMessage() != null && !spark.isStopped()) {
            Matcher cancelled = CANCELLED.matcher(failure.getMessage());
            if (cancelled.matches()) {
                throw new JobCancelledException(what, cancelled.group(1), failure);
            }
        }
    }
}
