package org.fednano.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class AheadTest {

    @Test
    void whatWasOpenedIsClosedOnce() {
        List<String> closed = new ArrayList<>();
        ClassLoader mine = Thread.currentThread().getContextClassLoader();
        Ahead<String> ahead = Ahead.begin(
                "test",
                () -> Thread.currentThread().getContextClassLoader() == mine ? "mine" : "another's",
                closed::add);
        assertEquals("mine", ahead.result());
        assertEquals("mine", ahead.result());
        assertEquals(List.of(), closed);
        ahead.close();
        assertEquals(List.of("mine"), closed);
    }

    @Test
    void failuresAreTheCallers() {
        for (Throwable failure :
                List.of(JobException.badInput("no such model"), new UnsatisfiedLinkError("libtorch"))) {
            Ahead<String> ahead = Ahead.begin(
                    "test",
                    () -> {
                        if (failure instanceof Error error) {
                            throw error;
                        }
                        throw (Exception) failure;
                    },
                    opened -> fail("nothing was opened"));
            assertSame(failure, assertThrows(Throwable.class, ahead::result));
            ahead.close();
        }
    }

    @Test
    void whatNobodyWaitsForIsGivenUp() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        Ahead<String> ahead = Ahead.begin(
                "test",
                () -> {
                    begun.countDown();
                    try {
                        return String.valueOf(new CountDownLatch(1).await(1, TimeUnit.MINUTES));
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                        throw e;
                    }
                },
                opened -> fail("it was not waited for"));
        begun.await();
        ahead.close();
        interrupted.await();
    }
}
