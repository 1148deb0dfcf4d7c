package org.fednano.spark;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.fednano.console.StatusLine.Status;

/** What Spark is at, in words: the running job, how many of its tasks are done, and whether it has executors at all. */
public final class JobProgress extends SparkListener {

    private static final long WINDOW_NANOS = 2_000_000_000L;
    private static final long PATIENCE_NANOS = 3_000_000_000L;

    private final LongSupplier nanos;
    private final boolean local;
    private final Map<Integer, Integer> stages = new HashMap<>(); // to the job
    private final Set<String> executors = new HashSet<>();
    private LongSupplier calls = () -> 0;
    private int job = -1;
    private String description = "";
    private int tasks;
    private int running;
    private int done;
    private long began;
    private long rateSince;
    private long rateFrom;
    private double rate;

    /** @param local whether tasks run in this process, which is no executor that could be waited for */
    public JobProgress(boolean local) {
        this(local, System::nanoTime);
    }

    JobProgress(boolean local, LongSupplier nanos) {
        this.local = local;
        this.nanos = nanos;
    }

    /** Says where calls to the LLM are counted. */
    public synchronized void counting(LongSupplier counted) {
        calls = counted;
    }

    /** What is to be shown; nothing when no job is running. */
    public synchronized Status status() {
        if (job < 0) {
            return new Status("", "");
        }
        boolean alone = !local && running == 0 && done == 0 && executors.isEmpty();
        if (alone && nanos.getAsLong() - began >= PATIENCE_NANOS) {
            return new Status(description, ": waiting for an executor");
        }
        return new Status(description, (tasks > 1 ? ": " + done + " of " + tasks + " done" : "") + speed());
    }

    /** Batches that the LLM is asked about a second. */
    private String speed() {
        long now = nanos.getAsLong();
        if (now - rateSince >= WINDOW_NANOS) {
            long counted = calls.getAsLong();
            rate = (counted - rateFrom) * 1e9 / (now - rateSince);
            rateFrom = counted;
            rateSince = now;
        }
        return rate >= 0.5 ? String.format(", %.0f batches/s", rate) : "";
    }

    @Override
    public synchronized void onJobStart(SparkListenerJobStart start) {
        String said = start.properties() == null ? null : start.properties().getProperty("spark.job.description");
        job = start.jobId();
        description = said == null ? "Spark job " + job : said;
        tasks = 0;
        running = 0;
        done = 0;
        rate = 0;
        began = nanos.getAsLong();
        rateSince = began;
        rateFrom = calls.getAsLong();
        start.stageInfos().foreach(stage -> {
            stages.put(stage.stageId(), job);
            return tasks += stage.numTasks();
        });
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart start) {
        running += isOurs(start.stageId()) ? 1 : 0;
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
        if (isOurs(end.stageId())) {
            running--;
            done += end.reason() == Success$.MODULE$ ? 1 : 0;
        }
    }

    private boolean isOurs(int stage) {
        return stages.getOrDefault(stage, -1) == job;
    }

    @Override
    public synchronized void onJobEnd(SparkListenerJobEnd end) {
        stages.values().removeIf(of -> of == end.jobId());
        job = end.jobId() == job ? -1 : job;
    }

    @Override
    public synchronized void onExecutorAdded(SparkListenerExecutorAdded added) {
        executors.add(added.executorId());
    }

    @Override
    public synchronized void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
        executors.remove(removed.executorId());
    }
}
