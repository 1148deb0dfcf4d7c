package org.fednano.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Results wait unread, beside each other's tasks and to the end, until the driver has room. */
class IntakeTest {

    private static final int TASKS = 12;
    private static final CountDownLatch RAN = new CountDownLatch(TASKS);
    private static final CountDownLatch ASKED = new CountDownLatch(1);
    private static final CountDownLatch ROOM = new CountDownLatch(1);
    private static final AtomicInteger READ = new AtomicInteger();

    /** Every other one is too large to come with its task's end. */
    private record Large(int item, byte[] bytes) implements Serializable {}

    private static final class Result implements Serializable {
        private static final long serialVersionUID = 1L;
        private final Large large;

        Result(Large large) {
            this.large = large;
        }

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            READ.incrementAndGet();
            in.defaultReadObject();
        }
    }

    private static Result work(Integer item, int attempt) {
        RAN.countDown();
        return new Result(new Large(item, new byte[(item % 2) << 21]));
    }

    @Test
    @Timeout(60)
    void nothingIsReadBeforeThereIsRoom() throws InterruptedException {
        SparkContext spark = new SparkContext(new SparkConf(false)
                .setMaster("local[2]")
                .setAppName("intake")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.maxResultSize", "0"));
        try {
            Set<Integer> arrived = ConcurrentHashMap.newKeySet();
            Thread job = new Thread(() -> CohortJob.run(
                    spark,
                    "intake",
                    "large results",
                    IntStream.range(0, TASKS).boxed().toList(),
                    i -> List.of(),
                    IntakeTest::work,
                    new CohortJob.Results<Result>() {
                        @Override
                        public void accept(Result result) {
                            arrived.add(result.large.item());
                        }

                        @Override
                        public void awaitRoom() {
                            ASKED.countDown();
                            try {
                                ROOM.await();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        }
                    }));
            job.start();
            RAN.await();
            ASKED.await();
            assertEquals(0, READ.get());
            assertTrue(arrived.isEmpty());
            ROOM.countDown();
            job.join();
            assertEquals(TASKS, READ.get());
            assertEquals(IntStream.range(0, TASKS).boxed().collect(Collectors.toSet()), arrived);
        } finally {
            spark.stop();
        }
    }
}
