package org.fednano.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.fednano.console.StatusLine.Status;
import org.junit.jupiter.api.Test;
import scala.collection.JavaConverters;

class JobProgressTest {

    private static final JobProgress REAL = new JobProgress(true);

    @Test
    void saysHowManyTasksOfARealJobAreDone() {
        SparkConf conf = new SparkConf(false)
                .setMaster("local[1]")
                .setAppName("progress")
                .set("spark.ui.enabled", "false");
        SparkContext spark = new SparkContext(conf);
        try {
            spark.addSparkListener(REAL);
            List<Integer> items = IntStream.range(0, 4).boxed().toList();
            CohortJob.run(
                    spark,
                    "group",
                    "round 7 · 4 clients",
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
        await(new Status("round 7 · 4 clients", ": " + item + " of 4 done"));
        return item;
    }

    private static void await(Status expected) {
        for (int i = 0; i < 2000 && !REAL.status().equals(expected); i++) {
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        assertEquals(expected, REAL.status());
    }

    @Test
    void saysThatThereIsNoExecutor() {
        AtomicLong seconds = new AtomicLong();
        JobProgress progress = new JobProgress(false, () -> seconds.get() * 1_000_000_000L);
        progress.onJobStart(new SparkListenerJobStart(
                1,
                0,
                JavaConverters.asScalaBuffer(List.<org.apache.spark.scheduler.StageInfo>of())
                        .toSeq(),
                null));
        assertEquals(new Status("Spark job 1", ""), progress.status());
        seconds.set(4);
        assertEquals(new Status("Spark job 1", ": waiting for an executor"), progress.status());
        progress.onExecutorAdded(new SparkListenerExecutorAdded(0, "1", null));
        assertEquals(new Status("Spark job 1", ""), progress.status());
        progress.onJobEnd(new SparkListenerJobEnd(1, 0, null));
        assertEquals(new Status("", ""), progress.status());
    }

    @Test
    void saysHowFastCallsComeIn() {
        AtomicLong seconds = new AtomicLong();
        AtomicLong calls = new AtomicLong(100);
        JobProgress progress = new JobProgress(true, () -> seconds.get() * 1_000_000_000L);
        progress.counting(calls::get);
        progress.onJobStart(new SparkListenerJobStart(
                1,
                0,
                JavaConverters.asScalaBuffer(List.<org.apache.spark.scheduler.StageInfo>of())
                        .toSeq(),
                null));
        calls.set(160);
        seconds.set(3);
        assertEquals(new Status("Spark job 1", ", 20 batches/s"), progress.status());
    }
}
