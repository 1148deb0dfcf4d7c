package org.fednano.spark;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Where results wait that come faster than the driver can put them away. Spark reads a task's result on one of few threads of its own
 * ({@code spark.resultGetter.threads}) and keeps what was read in a queue without end; so it waits before it is read. Until then a
 * large one ({@code spark.task.maxDirectResultSize}) is a block in the store of its executor, which may use the disk.
 */
final class Intake {

    private static final Map<Integer, Runnable> JOBS = new ConcurrentHashMap<>();
    private static final AtomicInteger NEXT = new AtomicInteger();

    private Intake() {}

    /** A job begins whose results wait for this before they are read; returns what {@link #pass} and {@link #close} are called with. */
    static int open(Runnable awaitRoom) {
        int job = NEXT.getAndIncrement();
        JOBS.put(job, awaitRoom);
        return job;
    }

    static void close(int job) {
        JOBS.remove(job);
    }

    /** Waits for the job's room; not for that of a job that is over. */
    static void pass(int job) {
        Runnable awaitRoom = JOBS.get(job);
        if (awaitRoom != null) {
            awaitRoom.run();
        }
    }
}
