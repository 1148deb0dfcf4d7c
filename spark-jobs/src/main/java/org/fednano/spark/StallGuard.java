package org.fednano.spark;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.fednano.settings.JobException;
import org.fednano.settings.Setting;

/**
 * Does a client's work in a thread of its own and gives up on it when it stands still: file systems retry for many minutes
 * before they give up on a host, some for ever, and meanwhile everybody else's round would wait.
 *
 * <p>Work that ignores interrupts keeps its thread until it ends by itself.
 *
 * @param clientId whose work it is
 * @param setting where the limit stands, for the message
 * @param limit time without any progress
 * @param doing what is done, for the message
 */
public record StallGuard(String clientId, Setting<Duration> setting, Duration limit, String doing) {

    /** Work that tells of its progress. */
    public interface Work<R> {
        R run(Runnable progress) throws Exception;
    }

    /**
     * Waits for the work as long as it makes progress.
     *
     * @throws JobException with status 3 when it made none for the limit
     * @throws Exception what the work throws
     */
    public <R> R run(Work<R> work) throws Exception {
        AtomicLong last = new AtomicLong(System.nanoTime());
        FutureTask<R> task = new FutureTask<>(() -> work.run(() -> last.set(System.nanoTime())));
        Thread thread = new Thread(task, "fednano-client-" + clientId);
        thread.setDaemon(true);
        thread.start();
        try {
            while (true) {
                long left = limit.toNanos() - (System.nanoTime() - last.get());
                if (left <= 0 && !task.isDone()) {
                    throw stalled();
                }
                try {
                    return task.get(Math.max(left, 0), TimeUnit.NANOSECONDS);
                } catch (TimeoutException e) {
                    // Looks again: the work may have moved on meanwhile.
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw (Exception) e.getCause();
        } finally {
            task.cancel(true);
        }
    }

    private JobException stalled() {
        return JobException.badInput("Client " + clientId + " must show progress while " + doing + ": found none for "
                + setting.key() + " = " + limit.toMillis() / 1000.0
                + " s. Check that its file system answers (its uri and Hadoop settings), or raise " + setting.key()
                + ".");
    }
}
