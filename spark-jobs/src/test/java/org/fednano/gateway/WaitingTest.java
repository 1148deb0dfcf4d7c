package org.fednano.gateway;

import static org.fednano.gateway.FakeSlowLlm.HIDDEN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;
import org.fednano.sample.TokenBatch;
import org.fednano.testing.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who waits for what in the gateway, for how long, and how much may wait. */
class WaitingTest {

    private static final int TOKENS = 10;
    /** Of one call of {@link #call}: embeddings there, gradients back, an id, loss and count. */
    private static final long BYTES = 2 * 4 * TOKENS * HIDDEN + 4 + 8;

    private final FakeSlowLlm llm = new FakeSlowLlm();
    private final ConcurrentCallers callers = new ConcurrentCallers();
    private Gateway gateway;

    private void open(boolean batching, Duration maxWait, long bytes, Duration deadline) {
        gateway = new Gateway(llm, new GatewayOptions(deadline, bytes, 1, batching, 3 * TOKENS, maxWait));
        gateway.begin(Purpose.TRAIN, 1, ConcurrentCallers.COHORT);
    }

    private void open(Duration maxWait) {
        open(true, maxWait, 1 << 20, Duration.ofMinutes(5));
    }

    private FrozenLlm client(String id) {
        return gateway.address().open(gateway.pass(Purpose.TRAIN, 1, id));
    }

    private static Result call(FrozenLlm client) {
        return call(client, TOKENS);
    }

    private static Result call(FrozenLlm client, int tokens) {
        return client.lossGradient(ConcurrentCallers.prompts(1, tokens, HIDDEN), new TokenBatch(new int[] {1}, 1), 1);
    }

    private static Result callAndLeave(FrozenLlm client, int tokens) {
        try (client) {
            return call(client, tokens);
        }
    }

    @AfterEach
    void close() {
        llm.let.release(1000);
        callers.close();
        gateway.close();
    }

    @Test
    void aClientAloneNeverWaits() {
        open(Duration.ofMinutes(1));
        llm.let.release(1000);
        FrozenLlm only = client("a");
        for (int i = 0; i < 20; i++) {
            call(only);
        }
        assertTrue(gateway.figures().queueSeconds() < 5, () -> "waited " + gateway.figures());
        assertEquals(20, gateway.figures().batches());
    }

    @Test
    void aClientWaitsForOthersNoLongerThanToldAndNotForThoseWhoLeft() {
        open(Duration.ofMillis(300));
        llm.let.release(1000);
        FrozenLlm a = client("a");
        FrozenLlm b = client("b");
        call(a);
        double waited = gateway.figures().queueSeconds();
        assertTrue(waited >= 0.299 && waited < 10, () -> "waited " + waited);
        b.close();
        for (int i = 0; i < 20; i++) {
            call(a);
        }
        assertTrue(gateway.figures().queueSeconds() - waited < 3, "nobody could have come");
        assertEquals(
                gateway.figures().queueSeconds(),
                gateway.end(Purpose.TRAIN, 1).get("a").waitSeconds(),
                1e-9);
    }

    @Test
    void aRequestStaysWithinItsTokensAndTakesThoseWhoCameFirst() throws InterruptedException {
        open(Duration.ofMinutes(1));
        Future<Result> first = callers.start(() -> callAndLeave(client("first"), TOKENS));
        Eventually.await(() -> llm.asked.size() == 1);
        for (int i = 0; i < 4; i++) { // 3 fit; the wide one in between joins nobody
            String id = "c" + i;
            FrozenLlm client = client(id);
            int waiting = i;
            callers.start(() -> callAndLeave(client, waiting == 1 ? 2 * TOKENS : TOKENS));
            Eventually.await(() -> gateway.waitingCalls() == waiting + 1);
        }
        llm.let.release(1000);
        ConcurrentCallers.get(first);
        Eventually.await(() -> gateway.figures().calls() == 5);
        assertEquals(
                List.of(TOKENS, 3 * TOKENS, 2 * TOKENS),
                llm.asked.stream()
                        .map(call -> call.prompts().embeds().length / HIDDEN)
                        .toList());
        assertEquals(1, gateway.figures().fill());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCallThatWaitsWhenItsDeadlinePassesIsToldAtOnceAndNotComputed(boolean batching) throws InterruptedException {
        open(batching, Duration.ofMinutes(1), 1 << 20, Duration.ofMillis(500));
        Future<Result> working = callers.start(() -> call(client("works")));
        Eventually.await(() -> llm.asked.size() == 1);
        FrozenLlm late = client("late");
        RoundClosedException e = assertThrows(RoundClosedException.class, () -> call(late));
        assertTrue(e.getMessage().contains("gateway.client_deadline"), e.getMessage());
        llm.let.release(1000);
        ConcurrentCallers.get(working);
        assertEquals(1, llm.asked.size());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRoundThatEndsSendsAwayWhoWaits(boolean batching) throws InterruptedException {
        open(batching, Duration.ofMinutes(1), 1 << 20, Duration.ofMinutes(5));
        callers.start(() -> call(client("works")));
        Eventually.await(() -> llm.asked.size() == 1);
        FrozenLlm late = client("late");
        Future<Result> waiting = callers.start(() -> call(late));
        Eventually.await(() -> gateway.waitingCalls() == 1);
        gateway.end(Purpose.TRAIN, 1);
        assertThrows(RoundClosedException.class, () -> ConcurrentCallers.get(waiting));
        assertEquals(1, llm.asked.size());
    }

    /** Its LLM may be closed right after it: native memory must not go away under a call. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void closingWaitsForTheCallThatTheLlmIsAt(boolean batching) throws InterruptedException {
        open(batching, Duration.ZERO, 1 << 20, Duration.ofMinutes(5));
        FrozenLlm client = client("a");
        callers.start(() -> call(client));
        Eventually.await(() -> llm.asked.size() == 1);
        Thread closing = new Thread(gateway::close);
        closing.start();
        Eventually.await(() -> waits(closing) || !closing.isAlive());
        assertTrue(closing.isAlive(), "a call is still at the LLM");
        llm.let.release(1);
        closing.join();
        assertEquals(1, llm.asked.size());
    }

    @Test
    void callsBeyondTheBytesWaitTheirTurn() throws InterruptedException {
        gateway = new Gateway(llm, new GatewayOptions(Duration.ofMinutes(5), 2 * BYTES, 8, false, 1, Duration.ZERO));
        gateway.begin(Purpose.TRAIN, 1, ConcurrentCallers.COHORT);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            FrozenLlm client = client("c" + i);
            Thread thread = new Thread(() -> call(client));
            thread.start();
            threads.add(thread);
        }
        Eventually.await(() -> threads.stream().allMatch(WaitingTest::waits));
        assertEquals(2, llm.asked.size());
        llm.let.release(1000);
        Eventually.await(() -> gateway.figures().calls() == 6);
        assertEquals(2, llm.most.get());
    }

    @Test
    void aCallLargerThanAllBytesIsRefused() {
        open(false, Duration.ZERO, BYTES - 1, Duration.ofMinutes(5));
        FrozenLlm client = client("a");
        LlmException e = assertThrows(LlmException.class, () -> call(client));
        assertEquals(Reason.TOO_LARGE, e.reason());
        assertTrue(e.getMessage().contains("gateway.max_inflight_bytes"), e.getMessage());
    }

    private static boolean waits(Thread thread) {
        return thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING;
    }
}
