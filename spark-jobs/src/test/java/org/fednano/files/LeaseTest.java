package org.fednano.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.fednano.runstore.RunStore;
import org.fednano.runstore.Runs;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaseTest {

    @TempDir
    Path root;

    @Test
    void theSecondWriterIsRefusedWithTheFirstOnesNameAndTheNextOneIsNot() {
        try (RunStore first = Runs.open(root)) {
            JobException e = assertThrows(JobException.class, () -> Runs.open(root));
            assertEquals(ExitStatus.RUN_HELD, e.status());
            assertTrue(
                    e.getMessage().contains("process " + ProcessHandle.current().pid()), e.getMessage());
            assertTrue(Files.exists(root.resolve("run/lease.json")));
            first.checkHeld();
        }
        assertFalse(Files.exists(root.resolve("run/lease.json")));
        Runs.open(root).close();
    }

    @Test
    void theLeaseOfADeadProcessIsTakenAtOnceAndItsOwnerNotices() throws IOException {
        RunStore dead = Runs.open(root);
        Runs.bury(root);
        try (RunStore next = Runs.open(root)) {
            next.checkHeld();
            JobException e = assertThrows(JobException.class, dead::checkHeld);
            assertEquals(ExitStatus.RUN_HELD, e.status());
            assertThrows(JobException.class, () -> dead.commit(Runs.result(0)));
            dead.close();
            next.checkHeld();
        }
    }

    @Test
    void theLeaseOfAnotherHostLapsesWithItsTimeoutNotBefore() throws IOException {
        Runs.open(root);
        Runs.age(root);
        for (Path lease : Runs.leases(root)) {
            Files.setLastModifiedTime(lease, java.nio.file.attribute.FileTime.from(java.time.Instant.now()));
        }
        assertThrows(JobException.class, () -> Runs.open(root));
        Runs.age(root);
        Runs.open(root).close();
    }

    @Test
    void aHeartbeatKeepsTheLeaseYoung() throws Exception {
        var beaten = new CountDownLatch(2);
        FaultInjector hook = (step, path) -> {
            if (step.equals("rename") && path.getName().equals("00000001.json")) {
                beaten.countDown();
            }
        };
        var timing = new Lease.Timing(Duration.ofMillis(5), Duration.ofSeconds(60));
        var run = Runs.hadoop(root.resolve("run"));
        try (Lease lease = Lease.acquire(new LocalFiles(hook), run, timing)) {
            assertTrue(beaten.await(30, TimeUnit.SECONDS));
            lease.check();
        }
    }

    @Test
    void aLateContenderWithAnOldNumberLoses() throws IOException {
        Runs.open(root).close();
        var second = new Lease[1];
        FaultInjector hook = (step, path) -> {
            if (step.equals("link") && second[0] == null) {
                // While this contender was about to take number 2, others took 2 and 3 and removed what was below.
                var files = new LocalFiles(FaultInjector.NONE);
                second[0] = Lease.acquire(files, path.getParent().getParent(), Runs.QUIET);
                second[0].close();
                second[0] = Lease.acquire(files, path.getParent().getParent(), Runs.QUIET);
            }
        };
        var run = Runs.hadoop(root.resolve("run"));
        assertThrows(JobException.class, () -> Lease.acquire(new LocalFiles(hook), run, Runs.QUIET));
        second[0].check();
        second[0].close();
    }

    @Test
    void ofRacingWritersExactlyOneWins() throws Exception {
        int writers = 4;
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        try {
            for (int attempt = 0; attempt < 25; attempt++) {
                boolean takeOver = attempt % 2 == 1;
                Path at = Files.createDirectory(root.resolve("race-" + attempt));
                if (takeOver) {
                    Runs.open(at);
                    Runs.bury(at);
                }
                var start = new CyclicBarrier(writers);
                List<Future<RunStore>> racers = new ArrayList<>();
                for (int w = 0; w < writers; w++) {
                    racers.add(threads.submit(() -> {
                        start.await();
                        try {
                            return Runs.open(at);
                        } catch (JobException e) {
                            assertEquals(ExitStatus.RUN_HELD, e.status(), e.getMessage());
                            return null;
                        }
                    }));
                }
                List<RunStore> winners = new ArrayList<>();
                for (Future<RunStore> racer : racers) {
                    if (racer.get() != null) {
                        winners.add(racer.get());
                    }
                }
                assertEquals(1, winners.size(), "attempt " + attempt);
                Runs.train(winners.get(0), 0);
                winners.get(0).close();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
