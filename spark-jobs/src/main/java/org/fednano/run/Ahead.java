package org.fednano.run;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;

/**
 * What a thread of its own opens ahead of its use.
 *
 * @param <T> what is opened
 */
final class Ahead<T> implements AutoCloseable {

    private final FutureTask<T> task;
    private final Consumer<T> closer;

    private Ahead(FutureTask<T> task, Consumer<T> closer) {
        this.task = task;
        this.closer = closer;
    }

    /** Begins; the thread has the caller's class loader and keeps no process alive. */
    static <T> Ahead<T> begin(String thread, Callable<T> open, Consumer<T> close) {
        Ahead<T> ahead = new Ahead<>(new FutureTask<>(open), close);
        Thread beside = new Thread(ahead.task, thread);
        beside.setDaemon(true);
        beside.start();
        return ahead;
    }

    /** Waits for it; what opening it threw is thrown. */
    T result() {
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while something was opened");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Closes what was opened. Opening that still goes on is given up; what failed to open is no concern here. */
    @Override
    public void close() {
        if (task.cancel(true)) {
            return;
        }
        T opened;
        try {
            opened = task.get();
        } catch (ExecutionException | CancellationException e) {
            return;
        } catch (InterruptedException e) {
            throw new IllegalStateException("what is done is not waited for", e);
        }
        closer.accept(opened);
    }
}
