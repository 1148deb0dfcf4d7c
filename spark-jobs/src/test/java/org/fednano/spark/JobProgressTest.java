package org.fednano.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.fednano.console.StatusLine.Status;
import org.junit.jupiter.api.Test;
import scala.collection.JavaConverters;

class JobProgressTest {

    private static JobProgress real;

    @Test
    void saysHowManyTasksOfARealJobAreDone() {
        SparkConf conf = new SparkConf(false)
                .setMaster("local[1]")
                .setAppName("progress")
                .set("spark.ui.enabled", "false");
        SparkContext spark = new SparkContext(conf);
        try {
            real = JobProgress.of(spark);
            List<Integer> items = IntStream.range(0, 4).boxed().toList();
            CohortJob.run(
                    spark,
                    "group",
                    "FedNano round 7 · 4 clients",
                    items,
                    i -> List.of(),
                    JobProgressTest::told,
                    (Integer i) -> {});
            await(new Status("", ""));
        } finally {
            spark.stop();
        }
    }

    /** A task ends when its beginning is told: the listener runs behind. */
    private static Integer told(Integer item, int attempt) {
        await(new Status("round 7", ": " + item + " of 4 done"));
        return item;
    }

    private static void await(Status expected) {
        for (int i = 0; i < 2000 && !real.status().equals(expected); i++) {
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        assertEquals(expected, real.status());
    }

    /** Executors may have come before anybody listened: they are asked for. */
    @Test
    void saysThatThereIsNoExecutor() {
        AtomicLong seconds = new AtomicLong();
        AtomicInteger executors = new AtomicInteger();
        JobProgress progress = new JobProgress(executors::get, () -> seconds.get() * 1_000_000_000L);
        progress.onJobStart(start(1));
        assertEquals(new Status("Spark job 1", ""), progress.status());
        seconds.set(4);
        assertEquals(new Status("Spark job 1", ": waiting for an executor"), progress.status());
        executors.set(1);
        assertEquals(new Status("Spark job 1", ""), progress.status());
        progress.onJobEnd(new SparkListenerJobEnd(1, 0, null));
        assertEquals(new Status("", ""), progress.status());
    }

    @Test
    void ofMoreJobsTheFirstIsShown() {
        JobProgress progress = new JobProgress(() -> 1, () -> 0);
        for (int job = 1; job <= 3; job++) {
            progress.onJobStart(start(job));
        }
        assertEquals(new Status("Spark job 1", ", beside 2 other jobs"), progress.status());
        progress.onJobEnd(new SparkListenerJobEnd(1, 0, null));
        assertEquals(new Status("Spark job 2", ", beside 1 other job"), progress.status());
        progress.onJobEnd(new SparkListenerJobEnd(3, 0, null));
        assertEquals(new Status("Spark job 2", ""), progress.status());
    }

    @Test
    void betweenJobsItIsSaidToo() {
        JobProgress progress = new JobProgress(() -> 1, () -> 0);
        progress.left(() -> "about 1:00 left");
        assertEquals(new Status("", ""), progress.status());
        progress.between("committing round 3 of 10");
        assertEquals(new Status("committing round 3 of 10", ", about 1:00 left"), progress.status());
        progress.onJobStart(start(1));
        assertEquals(new Status("Spark job 1", ", about 1:00 left"), progress.status());
    }

    @Test
    void whatItIsAPartOfStandsBefore() {
        JobProgress progress = new JobProgress(() -> 1, () -> 0);
        progress.within("run 2 of 12");
        assertEquals(new Status("run 2 of 12", ""), progress.status());
        progress.between("committing round 3 of 10");
        assertEquals(new Status("run 2 of 12: committing round 3 of 10", ""), progress.status());
        progress.onJobStart(start(1));
        assertEquals(new Status("run 2 of 12: Spark job 1", ""), progress.status());
    }

    private static SparkListenerJobStart start(int job) {
        return new SparkListenerJobStart(
                job,
                0,
                JavaConverters.asScalaBuffer(List.<org.apache.spark.scheduler.StageInfo>of())
                        .toSeq(),
                null);
    }

    @Test
    void saysHowFastCallsComeIn() {
        AtomicLong seconds = new AtomicLong();
        AtomicLong calls = new AtomicLong(100);
        JobProgress progress = new JobProgress(() -> 1, () -> seconds.get() * 1_000_000_000L);
        progress.counting(calls::get);
        progress.onJobStart(start(1));
        calls.set(160);
        seconds.set(3);
        assertEquals(new Status("Spark job 1", ", 20 batches/s"), progress.status());
    }
}
