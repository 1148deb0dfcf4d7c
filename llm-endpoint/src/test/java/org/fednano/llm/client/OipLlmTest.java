package org.fednano.llm.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.Reason;
import org.fednano.llm.client.OipOptions.Handshake;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.wire.GrpcStatuses;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.testing.Eventually;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The client against a server that misbehaves as told, over real sockets; waits take no time. */
@Timeout(60)
class OipLlmTest {

    private static final PromptBatch PROMPTS = TinyDecoder.prompts(16, 9, 9, 4, 7, 2);
    private static final TokenBatch ANSWERS =
            TokenBatch.of(List.of(new int[] {3, 5, 1}, new int[] {4}, new int[] {7, 2}, new int[] {6, 6, 6, 6}));

    private static EmbeddedLlm embedded;
    private FakeOipServer server;
    private final FakeClock waiting = new FakeClock();

    @BeforeAll
    static void open() {
        embedded = TinyDecoder.llm(TinyDecoder.PLAIN);
    }

    @AfterAll
    static void close() {
        embedded.close();
    }

    @BeforeEach
    void start() {
        server = new FakeOipServer(embedded, WireType.FP32);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private OipOptions options(FakeOipServer... servers) {
        String[] addresses = new String[servers.length];
        for (int i = 0; i < servers.length; i++) {
            addresses[i] = servers[i].address();
        }
        return OipOptions.to(addresses).withHandshake(Handshake.LIGHT);
    }

    private OipLlm connect(FakeOipServer... servers) {
        return OipLlm.connect(options(servers), waiting);
    }

    /** Each row of the contract's table of errors. */
    @ParameterizedTest
    @EnumSource(Reason.class)
    void eachReasonHasItsReaction(Reason reason) {
        server.script = call -> GrpcStatuses.status(new LlmException(reason, "expected 3, got 4"))
                .getStatus();
        try (OipLlm llm = connect(server)) {
            RuntimeException e = assertThrows(RuntimeException.class, () -> llm.lossGradient(PROMPTS, ANSWERS, 1024));
            assertReaction(reason, e, llm);
        }
    }

    /** A server that sends codes alone. */
    @Test
    void codesWithoutReasonsWork() {
        Map<Status, Reason> codes = Map.of(
                Status.INVALID_ARGUMENT, Reason.BAD_REQUEST,
                Status.UNIMPLEMENTED, Reason.UNKNOWN_OP,
                Status.FAILED_PRECONDITION, Reason.FINGERPRINT,
                Status.RESOURCE_EXHAUSTED, Reason.TOO_LARGE,
                Status.UNAVAILABLE, Reason.NOT_READY,
                Status.NOT_FOUND, Reason.NO_MODEL,
                Status.UNAUTHENTICATED, Reason.AUTH,
                Status.PERMISSION_DENIED, Reason.AUTH,
                Status.INTERNAL, Reason.INTERNAL,
                Status.UNKNOWN, Reason.INTERNAL);
        codes.forEach((status, reason) -> {
            server.calls.clear();
            waiting.seconds.clear();
            server.script = call -> status;
            try (OipLlm llm = connect(server)) {
                RuntimeException e =
                        assertThrows(RuntimeException.class, () -> llm.lossGradient(PROMPTS, ANSWERS, 1024));
                assertReaction(reason, e, llm);
            }
        });
    }

    private void assertReaction(Reason reason, RuntimeException e, OipLlm llm) {
        String say = reason + ": " + e;
        assertTrue(e.getMessage().contains(server.address()), say);
        int tries = server.calls.size();
        switch (reason.remedy()) {
            case FAIL -> {
                assertEquals(reason, ((LlmException) e).reason());
                assertEquals(1, tries, say);
                assertTrue(e.getMessage().contains("loss_grad of (B, T, H) = (4, 9, 16), L = 4"), say);
            }
            case RETRY_ONCE -> {
                assertEquals(reason, ((LlmException) e).reason());
                assertEquals(2, tries, say);
                assertEquals(List.of(), waiting.seconds);
            }
            case SPLIT -> {
                assertEquals(reason, ((LlmException) e).reason());
                assertEquals(
                        List.of(4, 2, 1),
                        server.calls.stream().map(LlmCall::samples).toList());
                assertTrue(e.getMessage().contains("One sample alone is too large"), say);
            }
            case STRAGGLE -> {
                assertEquals(RoundClosedException.class, e.getClass());
                assertEquals(1, tries, say);
            }
            case STOP -> {
                ExitStatus status =
                        switch (reason) {
                            case FINGERPRINT -> ExitStatus.BAD_INPUT;
                            case ENDPOINT_DOWN -> ExitStatus.ENDPOINT_UNAVAILABLE;
                            default -> ExitStatus.USAGE;
                        };
                assertEquals(status, ((JobException) e).status(), say);
                assertEquals(1, tries, say);
            }
            case RETRY -> {
                assertEquals(ExitStatus.ENDPOINT_UNAVAILABLE, ((JobException) e).status());
                assertEquals(8, tries, say);
                assertEquals(List.of(1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0), waiting.seconds);
                assertEquals(7, llm.counters().retries());
                assertEquals(123, llm.counters().awaySeconds(), 1e-6);
            }
        }
    }

    @Test
    void aBusyServerIsAskedAgainAndTheAnswerIsTheSame() {
        AtomicInteger left = new AtomicInteger(3);
        server.script = call -> left.getAndDecrement() > 0 ? Status.UNAVAILABLE : null;
        try (OipLlm llm = connect(server)) {
            same(embedded.lossGradient(PROMPTS, ANSWERS, 8), llm.lossGradient(PROMPTS, ANSWERS, 8), 0);
            assertEquals(List.of(1.0, 2.0, 4.0), waiting.seconds);
            // A success forgets the failures before it.
            left.set(1);
            llm.loss(PROMPTS, ANSWERS);
            assertEquals(List.of(1.0, 2.0, 4.0, 1.0), waiting.seconds);
        }
    }

    @Test
    void aFailureThatPassesIsAskedOnceMore() {
        AtomicInteger left = new AtomicInteger(1);
        server.script = call -> left.getAndDecrement() > 0 ? Status.INTERNAL : null;
        try (OipLlm llm = connect(server)) {
            same(embedded.loss(PROMPTS, ANSWERS), llm.loss(PROMPTS, ANSWERS), 0);
        }
    }

    @Test
    void everyOperationArrives() {
        try (OipLlm llm = OipLlm.connect(options(server).withHandshake(Handshake.FULL), waiting)) {
            int[][][] choices = {{{3, 1}, {4}}, {{5, 5, 5}}, {{6}, {7}, {8, 8}}, {{9, 2}}};
            same(embedded.loss(PROMPTS, ANSWERS), llm.loss(PROMPTS, ANSWERS), 0);
            assertArrayEquals(embedded.embed(new int[] {4, -1}), llm.embed(new int[] {4, -1}));
            assertArrayEquals(new float[0], llm.embed(new int[0]));
            assertArrayEquals(embedded.generate(PROMPTS, 5), llm.generate(PROMPTS, 5));
            assertArrayEquals(embedded.generate(PROMPTS, 0), llm.generate(PROMPTS, 0));
            assertArrayEquals(
                    embedded.score(PROMPTS, choices).tokens(),
                    llm.score(PROMPTS, choices).tokens());
            assertEquals(embedded.info().fingerprint(), llm.info().fingerprint());
            assertThrows(LlmException.class, () -> llm.lossGradient(PROMPTS, ANSWERS, 0));
        }
    }

    @Test
    void tooManyTokensAreCutBeforehandAlwaysAlike() {
        server.info = FakeOipServer.with(embedded.info(), "none", new LlmInfo.Limits(26, 1 << 20));
        try (OipLlm llm = connect(server)) {
            Result whole = embedded.lossGradient(PROMPTS, ANSWERS, 8);
            same(whole, llm.lossGradient(PROMPTS, ANSWERS, 8), 1e-6f);
            List<Integer> cuts = server.calls.stream().map(LlmCall::samples).toList();
            assertEquals(List.of(2, 2), cuts);
            server.calls.clear();
            same(whole, llm.lossGradient(PROMPTS, ANSWERS, 8), 1e-6f);
            assertEquals(cuts, server.calls.stream().map(LlmCall::samples).toList());
            assertEquals(2, llm.counters().splits());
            LlmException e = assertThrows(LlmException.class, () -> llm.generate(PROMPTS.part(0, 1), 30));
            assertEquals(Reason.TOO_LARGE, e.reason());
            assertTrue(e.getMessage().contains("39 tokens"), e.getMessage());
        }
    }

    @Test
    void tooManyBytesAreCutBeforehand() {
        try (OipLlm llm = OipLlm.connect(options(server).withMaxMessage(3000), waiting)) {
            same(embedded.lossGradient(PROMPTS, ANSWERS, 8), llm.lossGradient(PROMPTS, ANSWERS, 8), 1e-6f);
            assertEquals(
                    List.of(2, 2), server.calls.stream().map(LlmCall::samples).toList());
            assertEquals(1, llm.counters().splits());
        }
    }

    @Test
    void aBatchThatIsTooLargeForTheServerIsHalved() {
        server.script = call ->
                call.samples() > 1 ? Status.RESOURCE_EXHAUSTED.withDescription("LLMGRAD:OOM it did not fit") : null;
        try (OipLlm llm = connect(server)) {
            same(embedded.lossGradient(PROMPTS, ANSWERS, 8), llm.lossGradient(PROMPTS, ANSWERS, 8), 1e-6f);
            assertEquals(
                    List.of(4, 2, 1, 1, 2, 1, 1),
                    server.calls.stream().map(LlmCall::samples).toList());
        }
    }

    @ParameterizedTest
    @EnumSource(WireType.class)
    void eachWireTypeShakesHands(WireType type) {
        try (FakeOipServer half = new FakeOipServer(embedded, type);
                OipLlm llm = OipLlm.connect(options(half).withHandshake(Handshake.FULL), waiting)) {
            assertEquals(type, llm.wireType());
            Result result = llm.lossGradient(PROMPTS, ANSWERS, 1024);
            float tolerance = type == WireType.FP32 ? 0 : 0.1f;
            assertArrayEquals(embedded.loss(PROMPTS, ANSWERS).loss(), result.loss(), tolerance);
        }
    }

    @Test
    void aServerThatStartsIsWaitedFor() {
        server.ready = false;
        AtomicInteger asked = new AtomicInteger();
        WaitingClock becomesReady = new WaitingClock() {
            @Override
            public long nanos() {
                return waiting.nanos();
            }

            @Override
            public void await(java.util.concurrent.locks.Condition change, long nanos) {
                server.ready = asked.incrementAndGet() == 4;
                waiting.await(change, nanos);
            }

            @Override
            public double random() {
                return 0;
            }
        };
        OipOptions full = options(server).withHandshake(Handshake.FULL);
        OipLlm.connect(full, becomesReady).close();
        assertEquals(List.of(1.0, 2.0, 4.0, 8.0), waiting.seconds);
        server.ready = false;
        JobException e = assertThrows(JobException.class, () -> OipLlm.connect(full, waiting));
        assertEquals(ExitStatus.ENDPOINT_UNAVAILABLE, e.status());
        assertTrue(e.getMessage().contains("not ready"), e.getMessage());
    }

    @Test
    void nobodyThere() {
        server.die();
        JobException e = assertThrows(JobException.class, () -> connect(server));
        assertEquals(ExitStatus.ENDPOINT_UNAVAILABLE, e.status());
        assertTrue(e.getMessage().contains("Connection refused"), e.getMessage());
        assertEquals(7, waiting.seconds.size());
    }

    @Test
    void anotherModelIsRefused() {
        OipOptions pinned = options(server).withFingerprint("another");
        JobException e = assertThrows(JobException.class, () -> OipLlm.connect(pinned, waiting));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains("another") && e.getMessage().contains(server.address()), e.getMessage());

        JobException noModel = assertThrows(
                JobException.class, () -> OipLlm.connect(options(server).withModelName("other"), waiting));
        assertEquals(ExitStatus.USAGE, noModel.status());
    }

    @Test
    void theModelMayNotChangeOnTheWay() {
        try (OipLlm llm = connect(server)) {
            server.info = FakeOipServer.with(
                    embedded.info(), "changed", embedded.info().limits());
            JobException e = assertThrows(JobException.class, () -> llm.loss(PROMPTS, ANSWERS));
            assertEquals(ExitStatus.BAD_INPUT, e.status());
        }
    }

    @Test
    void endpointsThatDisagreeAreNamed() {
        try (FakeOipServer other = new FakeOipServer(embedded, WireType.FP32);
                FakeOipServer half = new FakeOipServer(embedded, WireType.BF16)) {
            other.info =
                    FakeOipServer.with(embedded.info(), "other", embedded.info().limits());
            for (FakeOipServer wrong : List.of(other, half)) {
                JobException e = assertThrows(JobException.class, () -> connect(server, wrong));
                assertEquals(ExitStatus.BAD_INPUT, e.status());
                assertTrue(
                        e.getMessage().contains(wrong.address())
                                && e.getMessage().contains(server.address()),
                        e.getMessage());
            }
        }
    }

    @Test
    void oneOfTwoDiesForGood() {
        try (FakeOipServer second = new FakeOipServer(embedded, WireType.FP32);
                OipLlm llm = connect(server, second)) {
            Result whole = embedded.lossGradient(PROMPTS, ANSWERS, 8);
            for (int i = 0; i < 4; i++) {
                same(whole, llm.lossGradient(PROMPTS, ANSWERS, 8), 0);
            }
            assertEquals(2, server.calls.size()); // work is shared
            server.die();
            for (int i = 0; i < 20; i++) {
                same(whole, llm.lossGradient(PROMPTS, ANSWERS, 8), 0);
            }
            assertEquals(2, server.calls.size());
            assertEquals(List.of(), waiting.seconds); // the other one did not have to wait
        }
    }

    @Test
    void oneOfTwoIsAwayAtFirstAndComesLater() {
        server.die();
        try (FakeOipServer second = new FakeOipServer(embedded, WireType.FP32);
                OipLlm llm = connect(server, second)) {
            llm.loss(PROMPTS, ANSWERS);
            server.start();
            AtomicInteger left = new AtomicInteger(1);
            second.script = call -> left.getAndDecrement() > 0 ? Status.UNAVAILABLE : null;
            llm.loss(PROMPTS, ANSWERS);
            assertEquals(1, server.calls.size());
        }
        FakeOipServer changed = server;
        changed.die();
        try (FakeOipServer second = new FakeOipServer(embedded, WireType.FP32);
                OipLlm llm = connect(changed, second)) {
            changed.info =
                    FakeOipServer.with(embedded.info(), "other", embedded.info().limits());
            changed.start();
            second.die();
            JobException e = assertThrows(JobException.class, () -> llm.loss(PROMPTS, ANSWERS));
            assertEquals(ExitStatus.BAD_INPUT, e.status());
            assertTrue(e.getMessage().contains(changed.address()), e.getMessage());
        }
    }

    /** With real time: the connection drops in the middle of a call, the port is refused for a while, then it is back. */
    @Test
    void aServerThatDiesInACallAndComesBack() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        server.script = call -> {
            inside.countDown();
            never.await();
            return null;
        };
        OipOptions quick =
                options(server).withRetry(new OipOptions.Retry(8, Duration.ofMillis(100), Duration.ofSeconds(1)));
        try (OipLlm llm = OipLlm.connect(quick)) {
            Thread killer = new Thread(() -> {
                try {
                    inside.await();
                    server.die();
                    Thread.sleep(900);
                    server.script = call -> null;
                    server.start();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            killer.start();
            same(embedded.lossGradient(PROMPTS, ANSWERS, 8), llm.lossGradient(PROMPTS, ANSWERS, 8), 0);
            killer.join();
            OipLlm.Counters counters = llm.counters();
            assertTrue(counters.retries() >= 2 && counters.awaySeconds() > 0.5, counters.toString());
        }
    }

    /** An endpoint that was away and now says nothing costs a caller a few seconds, not a whole deadline. */
    @Test
    @Tag("slow")
    void aSilentEndpointIsNotWaitedForLong() {
        server.die();
        try (FakeOipServer second = new FakeOipServer(embedded, WireType.FP32);
                OipLlm llm = connect(server, second)) {
            server.silent = true;
            server.start();
            waiting.await(null, 1_000_000_000L); // its rest is over
            long start = System.nanoTime();
            llm.loss(PROMPTS, ANSWERS);
            llm.loss(PROMPTS, ANSWERS);
            assertTrue(System.nanoTime() - start < 20_000_000_000L);
            assertEquals(2, second.calls.size());
            assertEquals(1, llm.counters().retries());
        }
    }

    /** A call that fails leaves the connection's other calls alone. */
    @Test
    void callsUnderWayGoOnWhenAnotherFails() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch failed = new CountDownLatch(1);
        server.script = call -> {
            if (call instanceof PromptLoss) {
                inside.countDown();
                failed.await();
                return null;
            }
            return Status.UNAVAILABLE;
        };
        OipOptions twice =
                options(server).withRetry(new OipOptions.Retry(2, Duration.ofMillis(10), Duration.ofMillis(10)));
        try (OipLlm llm = OipLlm.connect(twice)) {
            FutureTask<Result> slow = new FutureTask<>(() -> llm.loss(PROMPTS, ANSWERS));
            new Thread(slow).start();
            inside.await();
            JobException e = assertThrows(JobException.class, () -> llm.embed(new int[] {1}));
            assertEquals(ExitStatus.ENDPOINT_UNAVAILABLE, e.status());
            failed.countDown();
            same(embedded.loss(PROMPTS, ANSWERS), slow.get(), 0);
            assertEquals(
                    1,
                    server.calls.stream().filter(c -> c instanceof PromptLoss).count());
        }
    }

    @Test
    void aTryHasADeadline() {
        AtomicInteger left = new AtomicInteger(2);
        server.script = call -> {
            if (left.getAndDecrement() > 0) {
                Thread.sleep(1500);
            }
            return null;
        };
        OipOptions hasty = options(server).withCallDeadline(Duration.ofMillis(500));
        try (OipLlm llm = OipLlm.connect(hasty, waiting)) {
            same(embedded.loss(PROMPTS, ANSWERS), llm.loss(PROMPTS, ANSWERS), 0);
            assertEquals(3, server.calls.size());
        }
    }

    @Test
    void aNumberThatIsNoneFailsTheCallAlone() {
        FakeLlm nan = new FakeLlm(embedded);
        nan.gradient = result -> {
            result.gradient()[5] = Float.NaN;
            return result;
        };
        try (FakeOipServer broken = new FakeOipServer(nan, WireType.FP32);
                OipLlm llm = connect(broken)) {
            LlmException e = assertThrows(LlmException.class, () -> llm.lossGradient(PROMPTS, ANSWERS, 8));
            assertEquals(Reason.NONFINITE_OUTPUT, e.reason());
            assertTrue(e.getMessage().contains(broken.address()));
            assertEquals(1, broken.calls.size());
        }
    }

    @Test
    void theHandshakeSeesWrongNumbers() {
        FakeLlm flipped = new FakeLlm(embedded);
        flipped.gradient = FakeLlm::negated;
        assertUnsound(flipped, "gradient along random directions");
        FakeLlm unscaled = new FakeLlm(embedded);
        unscaled.scale = scale -> 1f;
        assertUnsound(unscaled, "gradient along random directions");
        FakeLlm maskless = new FakeLlm(embedded);
        maskless.prompts = FakeLlm::unmasked;
        assertUnsound(maskless, "loss must be within 2 %");
    }

    private void assertUnsound(FakeLlm wrong, String what) {
        try (FakeOipServer broken = new FakeOipServer(wrong, WireType.FP32)) {
            OipOptions full = options(broken).withHandshake(Handshake.FULL);
            JobException e = assertThrows(JobException.class, () -> OipLlm.connect(full, waiting));
            assertEquals(ExitStatus.BAD_INPUT, e.status());
            assertTrue(e.getMessage().contains(what), e.getMessage());
        }
    }

    @Test
    void theTokenIsSentAndNeverTold() {
        String secret = "s3cret-0123456789";
        server.token = secret;
        OipOptions right = options(server).withToken(secret).withHeaders(Map.of("fednano-purpose", "training"));
        try (OipLlm llm = OipLlm.connect(right, waiting)) {
            llm.loss(PROMPTS, ANSWERS);
            assertEquals("training", header("fednano-purpose"));
        }
        assertFalse(right.toString().contains(secret));
        String wrong = "wrong-9876543210";
        JobException e = assertThrows(JobException.class, () -> OipLlm.connect(right.withToken(wrong), waiting));
        assertEquals(ExitStatus.USAGE, e.status());
        assertEquals(List.of(), waiting.seconds);
        java.io.StringWriter all = new java.io.StringWriter();
        e.printStackTrace(new java.io.PrintWriter(all));
        assertFalse(all.toString().contains(wrong), all.toString());
        assertFalse(assertThrows(JobException.class, () -> right.withToken("bad\n" + wrong))
                .getMessage()
                .contains(wrong));
    }

    /** An executor's tasks, one after the other and side by side, at one gateway. */
    @Test
    void sharedClientsHaveOneConnectionAndHeadersOfTheirOwn() {
        OipOptions shared = options(server).withToken("t0ken");
        for (int i = 0; i < 5; i++) {
            String task = "task-" + i;
            OipLlm one = OipLlm.connectShared(shared.withHeaders(Map.of("fednano-client", task)));
            try (OipLlm other = OipLlm.connectShared(shared.withHeaders(Map.of("fednano-client", "other")))) {
                one.embed(new int[] {1});
                assertEquals(task, header("fednano-client"));
                one.close();
                one.close(); // twice is once: it has no say over the other's connection
                other.embed(new int[] {1});
                assertEquals("other", header("fednano-client"));
                assertThrows(IllegalStateException.class, () -> one.embed(new int[] {1}));
                assertEquals(1, server.connections.get());
            }
        }
        try (OipLlm own = connect(server)) {
            own.embed(new int[] {1});
            assertEquals(2, server.connections.get());
        }
    }

    private String header(String name) {
        return server.headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
    }

    @Test
    void aSharedConnectionThatNobodyUsesEndsWhenAnotherIsNeeded() {
        OipLlm.connectShared(options(server)).close();
        assertEquals(1, server.connections.get());
        try (FakeOipServer second = new FakeOipServer(embedded, WireType.FP32);
                OipLlm llm = OipLlm.connectShared(options(second))) {
            llm.embed(new int[] {1});
            Eventually.await(() -> server.connections.get() == 0);
            assertEquals(1, second.connections.get());
        }
    }

    @Test
    void atMostSoManyRequestsAtATime() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        server.script = call -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            Thread.sleep(20);
            now.decrementAndGet();
            return null;
        };
        try (OipLlm llm = OipLlm.connect(options(server).withInFlight(2))) {
            Thread[] threads = new Thread[8];
            for (int i = 0; i < threads.length; i++) {
                threads[i] = new Thread(() -> {
                    for (int k = 0; k < 3; k++) {
                        llm.embed(new int[] {k});
                    }
                });
                threads[i].start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(24, server.calls.size());
            assertEquals(2, most.get());
            assertTrue(llm.counters().queuedSeconds() > 0);
        }
    }

    @Test
    void anInterruptEndsACallAndAWait() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        CountDownLatch inside = new CountDownLatch(1);
        server.script = call -> {
            inside.countDown();
            never.await();
            return null;
        };
        try (OipLlm llm = OipLlm.connect(options(server).withInFlight(1))) {
            List<Thread> threads = new java.util.ArrayList<>();
            AtomicInteger ended = new AtomicInteger();
            for (int i = 0; i < 2; i++) {
                Thread thread = new Thread(() -> {
                    IllegalStateException e = assertThrows(IllegalStateException.class, () -> llm.embed(new int[] {1}));
                    assertTrue(e.getMessage().startsWith("Interrupted"), e.getMessage());
                    if (Thread.currentThread().isInterrupted()) {
                        ended.incrementAndGet();
                    }
                });
                thread.start();
                threads.add(thread);
            }
            inside.await();
            for (Thread thread : threads) {
                thread.interrupt();
                thread.join(10_000);
            }
            assertEquals(2, ended.get());
            server.script = call -> null;
            llm.embed(new int[] {1}); // the place is free again
        } finally {
            never.countDown();
        }
    }

    /** Gradients as vectors: |difference| within so much of |expected|. */
    private static void same(Result expected, Result actual, float tolerance) {
        assertArrayEquals(expected.answerTokens(), actual.answerTokens());
        assertArrayEquals(expected.loss(), actual.loss(), tolerance * 4);
        assertEquals(expected.gradient().length, actual.gradient().length);
        if (expected.gradient().length > 0) {
            double distance = NumericProbe.distance(doubles(actual.gradient()), doubles(expected.gradient()));
            assertTrue(distance <= tolerance, "gradients differ by " + distance);
        }
    }

    private static double[] doubles(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }
}
