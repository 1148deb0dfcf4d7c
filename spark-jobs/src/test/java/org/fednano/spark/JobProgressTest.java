package org.fednano.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
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

    @Test
    void saysHowManyTasksOfARealJobAreDone() {
        SparkConf conf = new SparkConf(false)
                .setMaster("local[1]")
                .setAppName("progress")
                .set("spark.ui.enabled", "false");
        SparkContext spark = new SparkContext(conf);
        JobProgress progress = new JobProgress(true);
        Set<String> seen = new ConcurrentSkipListSet<>();
        try {
            spark.addSparkListener(progress);
            List<Integer> items = IntStream.range(0, 4).boxed().toList();
            CohortJob.run(
                    spark,
                    "group",
                    "round 7 · 4 clients",
                    items,
                    i -> List.of(),
                    JobProgressTest::pause,
                    (Integer i) -> seen.add(
                            progress.status().what() + progress.status().detail()));
            for (int i = 0; i < 500 && !progress.status().what().isEmpty(); i++) {
                pause(i, 0);
            }
        } finally {
            spark.stop();
        }
        assertEquals(new Status("", ""), progress.status());
        assertTrue(seen.contains("round 7 · 4 clients: 2 of 4 done"), seen::toString);
        assertTrue(seen.stream().noneMatch(s -> s.contains("executor")), seen::toString);
    }

    private static Integer pause(Integer item, int attempt) {
        try {
            Thread.sleep(40); // so that the listener, which runs behind, keeps up
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return item;
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
