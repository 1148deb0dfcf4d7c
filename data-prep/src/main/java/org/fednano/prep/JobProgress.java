package org.fednano.prep;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** Waits for a Spark job. */
final class JobProgress {

    private static final long PROGRESS_SECONDS = 5;

    private JobProgress() {}

    /**
     * Says now and then how far the job is.
     *
     * @throws JobException what a task threw, or with status 1 what else ended the job
     */
    static <T> T on(JavaSparkContext spark, Consumer<String> say, JavaFutureAction<T> job, Supplier<String> progress) {
        try {
            while (true) {
                try {
                    return job.get(PROGRESS_SECONDS, TimeUnit.SECONDS);
                } catch (TimeoutException e) {
                    say.accept(progress.get());
                }
            }
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
            spark.sc().setJobDescription(null);
        }
    }
}
