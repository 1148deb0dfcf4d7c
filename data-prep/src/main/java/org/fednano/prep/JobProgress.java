package org.fednano.prep;

import java.util.concurrent.ExecutionException;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;
import org.fednano.console.StatusLine;
import org.fednano.console.StatusLine.Status;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** Waits for a Spark job. */
final class JobProgress {

    private JobProgress() {}

    /**
     * Shows meanwhile how far the job is.
     *
     * @throws JobException what a task threw, or with status 1 what else ended the job
     */
    static <T> T on(JavaSparkContext spark, JavaFutureAction<T> job, String what, LongAccumulator done, long of) {
        StatusLine.Step working =
                StatusLine.get().step(() -> new Status(what, String.format(": %,d of %,d done", done.value(), of)));
        try {
            return job.get();
        } catch (InterruptedException e) {
            job.cancel(true);
            Thread.currentThread().interrupt();
            throw new JobException(ExitStatus.FAILED, "prepare was interrupted; nothing was left in prepare.out.", e);
        } catch (ExecutionException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof JobException told) {
                    throw told;
                }
            }
            throw new JobException(
                    ExitStatus.FAILED,
                    "prepare failed in a Spark task: " + e.getCause().getMessage(),
                    e.getCause());
        } finally {
            working.end();
            spark.sc().setJobDescription(null);
        }
    }
}
