package org.fednano.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SeatsTest {

    private static final AtomicInteger RUNNING = new AtomicInteger();
    private static final AtomicInteger MOST = new AtomicInteger();
    private static final CountDownLatch THREE = new CountDownLatch(3);

    @ParameterizedTest
    @CsvSource({
        "1,2,2",
        "2,2,2",
        "3,2,3",
        "4,2,2",
        "5,2,3",
        "6,2,2",
        "7,2,4",
        "9,2,3",
        "200,2,2",
        "5,4,5",
        "5,1,1",
        "65,64,65"
    })
    void noCoreIsIdleInTheLastTurn(int tasks, int cores, int expected) {
        assertEquals(expected, Seats.atOnce(tasks, cores));
    }

    @Test
    void aMasterThatTheUserChoseIsKept() {
        SparkConf own = new SparkConf(false).setMaster("local[3]");
        Seats.share(own);
        assertEquals("local[3]", own.get("spark.master"));

        SparkConf all = new SparkConf(false).setMaster("local[*]");
        Seats.share(all);
        assertEquals("local[" + 2 * Runtime.getRuntime().availableProcessors() + "]", all.get("spark.master"));
    }

    @Test
    void aJobUsesNoMoreSeatsThanSuitItsTasks() {
        // As on two cores, whatever this machine has.
        SparkConf conf = new SparkConf(false)
                .setMaster("local[4]")
                .setAppName("seats")
                .set("spark.ui.enabled", "false")
                .set("spark.fednano.shared.cores", "2");
        SparkContext spark = new SparkContext(conf);
        try {
            List<Integer> items = IntStream.range(0, 5).boxed().toList();
            CohortJob.run(spark, "seats", "five tasks", items, i -> List.of(), SeatsTest::work, (Integer i) -> {});
        } finally {
            spark.stop();
        }
        assertEquals(3, MOST.get());
    }

    private static Integer work(Integer item, int attempt) {
        MOST.accumulateAndGet(RUNNING.incrementAndGet(), Math::max);
        THREE.countDown();
        try {
            assertTrue(THREE.await(30, TimeUnit.SECONDS), "three tasks never ran side by side");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            RUNNING.decrementAndGet();
        }
        return item;
    }

    @Test
    void aTaskOfAJobThatIsOverEnds() {
        assertThrows(CancellationException.class, () -> Seats.take(-1));
    }
}
