package org.fednano.llm.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.fednano.llm.client.EndpointBalancer.Place;
import org.fednano.llm.client.EndpointBalancer.Visit;
import org.fednano.llm.client.OipOptions.Retry;
import org.fednano.testing.Eventually;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class EndpointBalancerTest {

    private final FakeClock waiting = new FakeClock();

    private EndpointBalancer places(int endpoints, int inFlight, int tries) {
        return new EndpointBalancer(
                endpoints, inFlight, new Retry(tries, Duration.ofSeconds(1), Duration.ofSeconds(60)), waiting);
    }

    @Test
    void theLeastLoadedIsAskedInTurn() throws Exception {
        EndpointBalancer places = places(3, 2, 8);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            order.add(places.take(places.begin()).endpoint());
        }
        assertEquals(List.of(0, 1, 2, 0, 1, 2), order);
        places.answered(new Place(1, 0, false));
        assertEquals(1, places.take(places.begin()).endpoint());
    }

    @Test
    void eachEndpointHasItsOwnRest() throws Exception {
        EndpointBalancer places = places(2, 2, 3);
        Visit visit = places.begin();
        for (int k = 0; k < 6; k++) {
            places.away(places.take(visit), visit);
        }
        assertNull(places.take(visit));
        // Both are tried at once; then each rests 1 s, then 2 s, side by side.
        assertEquals(3, waiting.seconds.stream().mapToDouble(s -> s).sum(), 1e-9);
        assertEquals(3, places.awaySeconds(), 1e-9);
    }

    @Test
    void failuresOfOneMomentCountOnce() throws Exception {
        EndpointBalancer places = places(1, 2, 8);
        Visit first = places.begin();
        Visit second = places.begin();
        Place a = places.take(first);
        Place b = places.take(second);
        places.away(a, first);
        places.away(b, second);
        places.answered(places.take(first));
        assertEquals(List.of(1.0), waiting.seconds);
    }

    /** After a rest one request finds out; those that were under way before do not count. */
    @Test
    void oneTrialAtATime() throws Exception {
        EndpointBalancer places = places(1, 3, 8);
        Visit visit = places.begin();
        Place slow = places.take(places.begin());
        places.away(places.take(visit), visit);
        Place trial = places.take(visit);
        assertTrue(trial.trial());
        FutureTask<Place> next = new FutureTask<>(() -> places.take(places.begin()));
        Thread thread = new Thread(next);
        thread.start();
        Eventually.await(() -> thread.getState() == Thread.State.WAITING);
        places.answered(trial);
        assertEquals(0, next.get().endpoint());
        places.answered(slow);
    }

    /** A call that others' answers overtake still backs off by its own failures. */
    @Test
    void anAnswerToOneDoesNotHurryAnother() throws Exception {
        EndpointBalancer places = places(1, 1, 4);
        Visit unlucky = places.begin();
        for (int k = 0; k < 4; k++) {
            places.away(places.take(unlucky), unlucky);
            if (k < 3) {
                Visit lucky = places.begin();
                places.answered(places.take(lucky));
            }
        }
        assertNull(places.take(unlucky));
        assertEquals(1 + 2 + 4, waiting.seconds.stream().mapToDouble(s -> s).sum(), 1e-9);
    }

    /** Callers that wait behind a dead endpoint need not each try it for themselves. */
    @Test
    void whoWaitsSeesTheFailuresOfOthers() throws Exception {
        EndpointBalancer places = places(1, 1, 3);
        Visit waits = places.begin();
        Visit tries = places.begin();
        for (int k = 0; k < 3; k++) {
            places.away(places.take(tries), tries);
        }
        assertNull(places.take(waits));
        assertNotNull(places.take(places.begin()));
    }

    @Test
    void afterABadAnswerAnotherIsAsked() throws Exception {
        EndpointBalancer places = places(2, 2, 8);
        places.answered(places.take(places.begin())); // now it would be 1's turn
        Visit visit = places.begin();
        Place bad = places.take(visit);
        assertEquals(1, bad.endpoint());
        places.answered(places.take(places.begin())); // 0: now 1 again
        places.answeredBadly(bad, visit);
        assertEquals(0, places.take(visit).endpoint());
    }

    /** Many threads, endpoints that come and go: the bound holds, everybody gets through, nobody is lost. */
    @Test
    void manyThreads() throws Exception {
        int endpoints = 3;
        int inFlight = 2;
        EndpointBalancer places = new EndpointBalancer(
                endpoints,
                inFlight,
                new Retry(1000, Duration.ofNanos(1000), Duration.ofNanos(50_000)),
                WaitingClock.SYSTEM);
        AtomicInteger[] busy = {new AtomicInteger(), new AtomicInteger(), new AtomicInteger()};
        AtomicInteger most = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(12);
        try {
            List<Future<Integer>> done = new ArrayList<>();
            for (int t = 0; t < 12; t++) {
                Random random = new Random(t);
                done.add(threads.submit(() -> {
                    int answers = 0;
                    while (answers < 200) {
                        Visit visit = places.begin();
                        while (true) {
                            Place place = places.take(visit);
                            most.accumulateAndGet(busy[place.endpoint()].incrementAndGet(), Math::max);
                            Thread.yield();
                            busy[place.endpoint()].decrementAndGet();
                            int luck = random.nextInt(10);
                            if (luck == 0) {
                                places.away(place, visit);
                            } else if (luck == 1) {
                                places.left(place);
                                break;
                            } else {
                                places.answered(place);
                                answers++;
                                break;
                            }
                        }
                    }
                    return answers;
                }));
            }
            for (Future<Integer> one : done) {
                assertEquals(200, one.get());
            }
        } finally {
            threads.shutdownNow();
        }
        assertTrue(most.get() <= inFlight, "requests at one endpoint: " + most.get());
    }
}
