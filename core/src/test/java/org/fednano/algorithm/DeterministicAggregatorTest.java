package org.fednano.algorithm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.fednano.adapter.AdapterLayout;
import org.fednano.algorithm.ClientOutcome.Done;
import org.fednano.merger.Merger;
import org.fednano.method.FisherRule;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.RunKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Parking and late arrivals. */
class DeterministicAggregatorTest {

    private static final int CLIENTS = 20;
    private static final GlobalAdapter BEFORE =
            new GlobalAdapter(3140, new float[ToyFederation.LAYOUT.size()], Map.of());
    private static final TrainingPlan PLAN =
            new ToyFederation().plan(1, settings -> settings.with(RunKeys.QUORUM, 0.5));

    private static List<String> cohort() {
        List<String> cohort = new ArrayList<>();
        for (int k = 10; k < 10 + CLIENTS; k++) {
            cohort.add("c" + k);
        }
        return cohort;
    }

    private static Done update(String client) {
        var random = new java.util.Random(client.hashCode());
        float[] theta = new float[BEFORE.theta().length];
        float[] fisher = new float[theta.length];
        for (int i = 0; i < theta.length; i++) {
            theta[i] = random.nextFloat();
            fisher[i] = random.nextFloat();
        }
        return new Done(new ClientUpdate(
                client, theta, Map.of(FisherRule.NAME, fisher), 1 + random.nextInt(9), ClientUpdate.Metrics.NONE));
    }

    private static RoundResult fold(List<String> arrivals) {
        try (DeterministicAggregator fold = new DeterministicAggregator(PLAN, BEFORE, cohort(), client -> 0)) {
            arrivals.forEach(client -> fold.accept(update(client)));
            return fold.merge();
        }
    }

    @Test
    void arrivalsAreParkedAndTheFileGoesAway() throws IOException {
        List<String> backwards = new ArrayList<>(cohort());
        java.util.Collections.reverse(backwards);
        RoundResult ordered = fold(cohort());
        RoundResult reversed = fold(backwards);
        assertArrayEquals(ordered.global().theta(), reversed.global().theta());
        assertEquals(ordered.clients(), reversed.clients());
        assertEquals(0, parkedFiles());
    }

    @Test
    void gapsAreSkipped() {
        List<String> some = new ArrayList<>(cohort());
        some.removeAll(List.of("c10", "c15", "c29"));
        RoundResult inOrder = fold(some);
        java.util.Collections.reverse(some);
        assertArrayEquals(inOrder.global().theta(), fold(some).global().theta());
        assertEquals(17, inOrder.merged().size());
    }

    @Test
    void strangersAndLatecomersAreIgnored() {
        DeterministicAggregator fold = new DeterministicAggregator(PLAN, BEFORE, cohort(), client -> 0);
        try (fold) {
            cohort().forEach(client -> fold.accept(update(client)));
            fold.accept(update("c99"));
            assertEquals(CLIENTS, fold.merge().merged().size());
            fold.accept(update("c10"));
        }
        fold.accept(update("c11"));
    }

    /** Eight of a million parameters are read side by side; the reference folds one by one what was never parked. */
    @Test
    void largeAdaptersAreMergedInTurnsOfSome() {
        AdapterLayout layout = AdapterLayout.of("both", 4096, 64, 16);
        GlobalAdapter before = new GlobalAdapter(0, new float[layout.size()], Map.of());
        var plan = new TrainingPlan(
                layout,
                PLAN.local(),
                PLAN.client(),
                PLAN.server(),
                PLAN.merging(),
                PLAN.clients(),
                0,
                0,
                PLAN.seed(),
                1);
        Merger reference = PLAN.server().start(layout, before.theta(), Map.of());
        RoundResult result;
        try (DeterministicAggregator fold = new DeterministicAggregator(plan, before, cohort(), client -> 0)) {
            for (int k = 0; k < CLIENTS; k++) {
                float[] theta = new float[layout.size()];
                float[] fisher = new float[layout.size()];
                for (int i = 0; i < theta.length; i++) {
                    int mixed = (i + 31 * k) * 0x9E3779B9;
                    theta[i] = (mixed >> 16) * 1e-6f;
                    fisher[i] = (mixed >>> 20) * 1e-6f;
                }
                Map<String, float[]> uploads = Map.of(FisherRule.NAME, fisher);
                fold.awaitRoom();
                fold.accept(
                        new Done(new ClientUpdate(cohort().get(k), theta, uploads, 1 + k, ClientUpdate.Metrics.NONE)));
                reference.add(theta, uploads, 1 + k);
                reference.letGo();
            }
            result = fold.merge();
        }
        assertEquals(CLIENTS, result.merged().size());
        assertArrayEquals(reference.merge().theta(), result.global().theta());
    }

    @Test
    void closingInTheMiddleLeavesNothingBehind() throws IOException {
        try (DeterministicAggregator fold = new DeterministicAggregator(PLAN, BEFORE, cohort(), client -> 0)) {
            fold.accept(update("c15"));
        }
        assertEquals(0, parkedFiles());
    }

    /** Parks nothing before it is told to, and notes how much was accepted and not parked when it does. */
    private static final class FakeSlowDisk extends UpdateSpill {
        private final Semaphore turns = new Semaphore(0);
        private final AtomicLong accepted = new AtomicLong();
        private long parked;
        private volatile long most;
        private final RuntimeException broken;

        FakeSlowDisk(RuntimeException broken) {
            super(BEFORE.round() + 1);
            this.broken = broken;
        }

        @Override
        void park(DeterministicAggregator.Arrival arrival) {
            try {
                turns.acquire();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            if (broken != null) {
                throw broken;
            }
            most = Math.max(most, accepted.get() - parked++);
            super.park(arrival);
        }
    }

    private static final int ROOM = 3; // updates
    private static final int BRINGING = 2; // threads

    /** Each thread waits for room, makes its next update and hands it in. */
    private static List<Thread> bring(DeterministicAggregator fold, FakeSlowDisk disk) {
        Iterator<String> clients = cohort().iterator();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < BRINGING; i++) {
            Thread thread = new Thread(() -> {
                while (true) {
                    fold.awaitRoom();
                    synchronized (clients) {
                        if (!clients.hasNext()) {
                            return;
                        }
                        fold.accept(update(clients.next()));
                    }
                    disk.accepted.incrementAndGet();
                }
            });
            thread.start();
            threads.add(thread);
        }
        return threads;
    }

    private static DeterministicAggregator onto(FakeSlowDisk disk) {
        long room = ROOM * update("c10").update().bytes();
        return new DeterministicAggregator(PLAN, BEFORE, cohort(), client -> 0, disk, room);
    }

    private static void awaitWaiting(List<Thread> threads) {
        while (!threads.stream().allMatch(thread -> thread.getState() == Thread.State.WAITING)) {
            assertFalse(Thread.interrupted(), "nobody waits"); // the time is over
        }
    }

    @Test
    @Timeout(20)
    void aSlowDiskHoldsUpWhoBringsUpdates() throws InterruptedException {
        FakeSlowDisk disk = new FakeSlowDisk(null);
        try (DeterministicAggregator fold = onto(disk)) {
            List<Thread> threads = bring(fold, disk);
            awaitWaiting(threads);
            assertTrue(disk.accepted.get() >= ROOM && disk.accepted.get() < ROOM + BRINGING, "" + disk.accepted);
            while (threads.stream().anyMatch(Thread::isAlive)) {
                disk.turns.release();
                Thread.onSpinWait();
            }
            disk.turns.release(CLIENTS);
            RoundResult merged = fold.merge();
            assertTrue(disk.most < ROOM + BRINGING, "" + disk.most);
            RoundResult fast = fold(cohort());
            assertArrayEquals(fast.global().theta(), merged.global().theta());
            assertEquals(fast.clients(), merged.clients());
        }
    }

    @Test
    @Timeout(20)
    void nobodyWaitsForABrokenDiskOrForARoundThatIsOver() throws InterruptedException {
        FakeSlowDisk disk = new FakeSlowDisk(new IllegalStateException("no space left"));
        List<Thread> threads;
        try (DeterministicAggregator fold = onto(disk)) {
            threads = bring(fold, disk);
            awaitWaiting(threads);
            disk.turns.release();
            for (Thread thread : threads) {
                thread.join();
            }
            assertTrue(assertThrows(IllegalStateException.class, fold::merge)
                    .getMessage()
                    .contains("no space left"));
        }
        FakeSlowDisk stalled = new FakeSlowDisk(null);
        try (DeterministicAggregator fold = onto(stalled)) {
            threads = bring(fold, stalled);
            awaitWaiting(threads);
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static long parkedFiles() throws IOException {
        try (var files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(f -> f.getFileName().toString().startsWith("fednano-round-3141-"))
                    .count();
        }
    }

    @Test
    void whatAMethodMergesToIsCheckedAsAWhole() {
        float[] theta = BEFORE.theta();
        double[] shares = new double[CLIENTS];
        double[] wrong = shares.clone();
        wrong[3] = Double.NaN;
        refused("a share", new Merger.Merged(theta, null));
        refused("a share", new Merger.Merged(theta, new double[1]));
        refused("a share", new Merger.Merged(theta, wrong));
        refused("the state", new Merger.Merged(theta, shares, null));
        refused("the state", new Merger.Merged(theta, shares, Map.of("m", theta)));
        refused("merged adapter", new Merger.Merged(null, shares));
        refused("not to be folded", null);
    }

    private static void refused(String part, Merger.Merged merged) {
        TrainingPlan plan = new TrainingPlan(
                PLAN.layout(),
                PLAN.local(),
                PLAN.client(),
                (layout, theta, state) -> new FakeMerger(merged),
                PLAN.merging(),
                PLAN.clients(),
                0,
                0,
                PLAN.seed(),
                1);
        JobException e = assertThrows(JobException.class, () -> {
            try (DeterministicAggregator fold = new DeterministicAggregator(plan, BEFORE, cohort(), client -> 0)) {
                cohort().forEach(client -> fold.accept(update(client)));
                fold.merge();
            }
        });
        assertEquals(ExitStatus.FAILED, e.status());
        assertTrue(e.getMessage().contains(part), e.getMessage());
    }

    /** Merges to what it was told; to nothing: refuses every client. */
    private record FakeMerger(Merged merged) implements Merger {

        @Override
        public void add(float[] thetaK, Map<String, float[]> uploads, double weight) {
            if (merged == null) {
                throw new JobException(ExitStatus.FAILED, "not to be folded");
            }
        }

        @Override
        public int clients() {
            return CLIENTS;
        }

        @Override
        public Merged merge() {
            return merged;
        }
    }
}
