package org.fednano.spark;

import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/**
 * How many tasks of a job run side by side on one machine, so that no core stands idle while the last of them work: five
 * clients on two cores are two, and then three that share both cores, done after 2.5 times a client's time instead of 3.
 *
 * <p>For it a {@code local[*]} session has twice as many task threads as cores, of which a job uses what suits its number of
 * tasks. On a cluster, and with a number of threads that the user chose, Spark's own scheduling is all there is.
 */
public final class Seats {

    private static final String SHARED = "spark.fednano.shared.cores";
    private static final Map<Integer, Semaphore> JOBS = new ConcurrentHashMap<>();
    private static final AtomicInteger NEXT = new AtomicInteger(1);

    /** A job of which Spark alone decides how many tasks run at once. */
    static final int UNLIMITED = 0;

    private Seats() {}

    /** Gives a session without a master, or with {@code local[*]}, threads to share this machine's cores. */
    public static void share(SparkConf conf) {
        if (conf.get("spark.master", "local[*]").equals("local[*]")) {
            int cores = Runtime.getRuntime().availableProcessors();
            conf.setMaster("local[" + 2 * cores + "]").set(SHARED, String.valueOf(cores));
        }
    }

    /**
     * Tasks that run at once: the least number, from {@code cores} to twice as many, with which no core is idle in the last
     * turn if all tasks take equally long; {@code cores} if there is none.
     *
     * @param tasks in all
     * @param cores at least 1
     */
    static int atOnce(int tasks, int cores) {
        for (int seats = cores; seats <= 2 * cores; seats++) {
            int last = tasks % seats;
            if (last == 0 || last >= cores) {
                return seats;
            }
        }
        return cores;
    }

    /** Limits a job that begins, and returns by what its tasks find the limit; to be given to {@link #close}. */
    static int open(SparkContext spark, int tasks) {
        int cores = spark.conf().getInt(SHARED, 0);
        if (cores == 0) {
            return UNLIMITED;
        }
        int job = NEXT.getAndIncrement();
        JOBS.put(job, new Semaphore(atOnce(tasks, cores), true));
        return job;
    }

    static void close(int job) {
        JOBS.remove(job);
    }

    /**
     * Waits for a seat, which the caller gives back to what is returned.
     *
     * @throws CancellationException if the job is over, or is cancelled while the task waits
     */
    static Semaphore take(int job) {
        Semaphore seats = JOBS.get(job);
        try {
            if (seats != null) {
                seats.acquire();
                return seats;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new CancellationException("The task's job is over");
    }
}
