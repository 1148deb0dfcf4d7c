package org.fednano.spark;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.fednano.console.StatusLine.Status;

/** What Spark is at, in words: the running job, how many of its tasks are done, and whether it has executors at all. */
public final class JobProgress extends SparkListener {

    private static final String APPLICATION = "FedNano ";
    private static final long WINDOW_NANOS = 2_000_000_000L;
    private static final long PATIENCE_NANOS = 3_000_000_000L;

    private static final class Job {
        private final String shown;
        private final long began;
        private int tasks;
        private int running;
        private int done;

        Job(String description, long began) {
            this.shown = shown(description);
            this.began = began;
        }
    }

    private final LongSupplier nanos;
    private final IntSupplier executors;
    private final Map<Integer, Job> jobs = new LinkedHashMap<>(); // the one that began first is shown
    private final Map<Integer, Integer> stages = new HashMap<>(); // to the job
    private LongSupplier calls = () -> 0;
    private Supplier<String> left = () -> "";
    private String within = "";
    private String between = "";
    private long rateSince;
    private long rateFrom;
    private double rate;

    /** Listens to a context from now on; where tasks run in this process there is no executor that could be waited for. */
    public static JobProgress of(SparkContext spark) {
        // Asked, not counted: some may have come before anybody listened. The driver has a block manager, too.
        JobProgress progress = new JobProgress(
                spark.isLocal()
                        ? () -> 1
                        : () -> spark.getExecutorMemoryStatus().size() - 1,
                System::nanoTime);
        spark.addSparkListener(progress);
        return progress;
    }

    JobProgress(IntSupplier executors, LongSupplier nanos) {
        this.executors = executors;
        this.nanos = nanos;
    }

    /** Says where calls to the LLM are counted. */
    public synchronized void counting(LongSupplier counted) {
        calls = counted;
    }

    /** Says what is done where no job runs; empty: nothing that takes time. */
    public synchronized void between(String what) {
        between = what;
    }

    /** Says what all of it is a part of, {@code run 2 of 12}; empty: of nothing. */
    public synchronized void within(String whole) {
        within = whole;
    }

    /** Says who knows how long it all still takes: {@code about 2:10 left}, or nothing. */
    public synchronized void left(Supplier<String> known) {
        left = known;
    }

    /** What is to be shown. */
    public synchronized Status status() {
        if (jobs.isEmpty()) {
            String what = what(between);
            return new Status(what, what.isEmpty() ? "" : left());
        }
        Job job = jobs.values().iterator().next();
        boolean idle = jobs.values().stream().allMatch(j -> j.running == 0 && j.done == 0);
        if (idle && nanos.getAsLong() - job.began >= PATIENCE_NANOS && executors.getAsInt() <= 0) {
            return new Status(what(job.shown), ": waiting for an executor");
        }
        return new Status(
                what(job.shown),
                (job.tasks > 1 ? ": " + job.done + " of " + job.tasks + " done" : "") + left() + speed() + others());
    }

    private String what(String doing) {
        return within + (within.isEmpty() || doing.isEmpty() ? "" : ": ") + doing;
    }

    /**
     * A description without the application's name, which only Spark's UI needs, and without the number of tasks, which stands
     * beside that of those done: a terminal is narrow.
     */
    private static String shown(String description) {
        String rest = description.startsWith(APPLICATION) ? description.substring(APPLICATION.length()) : description;
        int number = rest.indexOf(" · ");
        return number < 0 ? rest : rest.substring(0, number);
    }

    private String others() {
        int others = jobs.size() - 1;
        return others == 0 ? "" : ", beside " + others + (others == 1 ? " other job" : " other jobs");
    }

    private String left() {
        String said = left.get();
        return said.isEmpty() ? "" : ", " + said;
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
        Job job = new Job(said == null ? "Spark job " + start.jobId() : said, nanos.getAsLong());
        if (jobs.isEmpty()) {
            rate = 0;
            rateSince = job.began;
            rateFrom = calls.getAsLong();
        }
        jobs.put(start.jobId(), job);
        start.stageInfos().foreach(stage -> {
            stages.put(stage.stageId(), start.jobId());
            return job.tasks += stage.numTasks();
        });
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart start) {
        Job job = jobs.get(stages.get(start.stageId()));
        if (job != null) {
            job.running++;
        }
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
        Job job = jobs.get(stages.get(end.stageId()));
        if (job != null) {
            job.running--;
            job.done += end.reason() == Success$.MODULE$ ? 1 : 0;
        }
    }

    @Override
    public synchronized void onJobEnd(SparkListenerJobEnd end) {
        stages.values().removeIf(of -> of == end.jobId());
        jobs.remove(end.jobId());
    }
}
