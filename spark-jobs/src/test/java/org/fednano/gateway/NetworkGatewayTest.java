package org.fednano.gateway;

import static org.fednano.gateway.FakeSlowLlm.HIDDEN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.StatusRuntimeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.algorithm.Wire;
import org.fednano.gateway.GatewayAddress.Network;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;
import org.fednano.llm.client.OipLlm;
import org.fednano.llm.client.OipOptions;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferResponse;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.GrpcStatuses;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.testing.Eventually;
import org.fednano.testing.TestCertificates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The gateway through sockets, both ends in this process. */
class NetworkGatewayTest {

    private static final int TOKENS = 10;
    private static final int MESSAGE = 1 << 16;
    private static final FeatureStore.Limits FEATURES = new FeatureStore.Limits(1 << 20, 0, null, Duration.ofHours(1));
    private static final OipOptions.Retry ONE_TRY = new OipOptions.Retry(1, Duration.ZERO, Duration.ZERO);

    private final FakeSlowLlm llm = new FakeSlowLlm();
    private final ConcurrentCallers callers = new ConcurrentCallers();
    private Gateway gateway;

    @BeforeEach
    void open() {
        open(Duration.ofMinutes(5), 1 << 20);
    }

    private void open(Duration deadline, long bytes) {
        close();
        gateway = new Gateway(llm, new GatewayOptions(deadline, bytes, 1, false, 1, Duration.ZERO));
        gateway.listen(new GatewayNetwork("127.0.0.1", 0, "localhost", null, null, null, MESSAGE, FEATURES));
        gateway.begin(Purpose.TRAIN, 1, ConcurrentCallers.COHORT);
    }

    @AfterEach
    void close() {
        llm.let.release(100);
        if (gateway != null) {
            gateway.close();
        }
        llm.let.drainPermits();
        llm.refuses = null;
        llm.asked.clear();
    }

    private Network address() {
        return assertInstanceOf(Network.class, gateway.address());
    }

    private static Result call(FrozenLlm client) {
        return client.lossGradient(
                ConcurrentCallers.prompts(2, TOKENS, HIDDEN), new TokenBatch(new int[] {1, 2}, 1), 1);
    }

    @Test
    void clientsAreToldApartAndCounted() {
        llm.let.release(100);
        String odd = "file:/å ß/c 1%.parquet";
        try (FrozenLlm a = address().open(gateway.pass(Purpose.TRAIN, 1, "a"));
                FrozenLlm b = address().open(gateway.pass(Purpose.TRAIN, 1, odd))) {
            assertEquals(2 * TOKENS * HIDDEN, call(a).gradient().length);
            call(a);
            b.embed(new int[] {1, 2, 3});
        }
        Map<String, Traffic> traffic = gateway.end(Purpose.TRAIN, 1);
        long embeds = 4 * 2 * TOKENS * HIDDEN;
        assertEquals(
                new Traffic(2 * (embeds + 8), 0, 0, 2 * (embeds + 16), 0, 4, 0, 0),
                traffic.get("a").in(0, 0));
        assertEquals(
                new Traffic(12, 0, 0, 0, 12 * HIDDEN, 0, 0, 0), traffic.get(odd).in(0, 0));
    }

    @Test
    void anAnswerBearsTheIdOfItsRequest() {
        GatewayPass pass = gateway.pass(Purpose.TRAIN, 1, "a");
        LlmCall<float[]> embed = new LlmCall.Embed(new int[] {1, 2});
        for (ModelInferRequest request : List.of(
                Requests.info(GatewayServer.MODEL, null),
                Requests.of(GatewayServer.MODEL, address().fingerprint(), embed, WireType.FP32))) {
            ModelInferRequest named = request.toBuilder().setId("call-17").build();
            assertEquals("call-17", infer(pass, pass.token(), named).getId());
        }
    }

    private ModelInferResponse infer(GatewayPass as, String token, ModelInferRequest request) {
        try {
            return PlainCall.infer(address(), GatewayHeaders.of(as), token, request);
        } catch (StatusRuntimeException e) {
            throw GrpcStatuses.read(e);
        }
    }

    @Test
    void aWrongPassIsRefusedAndNoneIsShown() throws IOException {
        GatewayPass right = gateway.pass(Purpose.TRAIN, 1, "a");
        GatewayPass wrong = new GatewayPass(Purpose.TRAIN, 1, "a", 0, "0123456789abcdef");
        JobException e = assertThrows(JobException.class, () -> address().open(wrong));
        assertEquals(ExitStatus.USAGE, e.status());
        assertFalse(e.getMessage().contains(wrong.token()), e.getMessage());
        assertTrue(gateway.started(Purpose.TRAIN, 1).isEmpty(), "nobody was let in");
        assertFalse(right.toString().contains(right.key()), right.toString());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new ObjectOutputStream(bytes).writeObject(address());
        assertFalse(
                bytes.toString(StandardCharsets.ISO_8859_1).contains(right.token()),
                "what all tasks get opens nothing");
    }

    /** A client with a good pass of its own who says that he is another one, or of another time. */
    @Test
    void aPassIsGoodForOneClientRoundPurposeAndAttempt() {
        gateway.begin(Purpose.EVALUATE, 1, ConcurrentCallers.COHORT);
        gateway.begin(Purpose.TRAIN, 2, ConcurrentCallers.COHORT);
        ModelInferRequest info = Requests.info(GatewayServer.MODEL, null);
        GatewayPass own = gateway.pass(Purpose.TRAIN, 1, "a");
        infer(own, own.token(), info);
        for (GatewayPass other : List.of(
                gateway.pass(Purpose.TRAIN, 1, "b"),
                gateway.pass(Purpose.TRAIN, 2, "a"),
                gateway.pass(Purpose.EVALUATE, 1, "a"),
                own.of(1))) {
            assertEquals(
                    Reason.AUTH,
                    assertThrows(LlmException.class, () -> infer(other, own.token(), info))
                            .reason());
        }
        GatewayPass stranger = gateway.pass(Purpose.TRAIN, 1, "not of the cohort");
        assertEquals(
                Reason.AUTH,
                assertThrows(LlmException.class, () -> infer(stranger, stranger.token(), info))
                        .reason());
        assertEquals(
                Reason.BAD_REQUEST,
                assertThrows(
                                LlmException.class,
                                () -> infer(own.of(1000), own.of(1000).token(), info))
                        .reason());
        assertEquals(Set.of("a"), gateway.started(Purpose.TRAIN, 1).keySet());
        assertEquals(Map.of(), gateway.started(Purpose.EVALUATE, 1));
    }

    @Test
    void aGatewayThatCannotBeReachedIsStatusFiveWithWhatToChange() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Network nowhere =
                new Network("localhost", port, false, "", "f", Duration.ofMinutes(1), MESSAGE, Wire.EMBEDDINGS, "");
        JobException e = assertThrows(JobException.class, () -> nowhere.open(gateway.pass(Purpose.TRAIN, 1, "a")));
        assertEquals(ExitStatus.ENDPOINT_UNAVAILABLE, e.status());
        for (String part : new String[] {"localhost:" + port, "gateway.host", "gateway.bind", "gateway.port"}) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
    }

    @Test
    void anOldRoundAndAPassedDeadlineMakeStragglers() throws InterruptedException {
        open(Duration.ofMillis(400), 1 << 20);
        assertThrows(RoundClosedException.class, () -> address().open(gateway.pass(Purpose.TRAIN, 0, "a")));
        try (FrozenLlm works = address().open(gateway.pass(Purpose.TRAIN, 1, "works"));
                FrozenLlm late = address().open(gateway.pass(Purpose.TRAIN, 1, "late"))) {
            Future<Result> working = callers.start(() -> call(works));
            Eventually.await(() -> llm.asked.size() == 1);
            RoundClosedException e = assertThrows(RoundClosedException.class, () -> call(late));
            assertTrue(e.getMessage().contains("gateway.client_deadline"), e.getMessage());
            llm.let.release(1);
            ConcurrentCallers.get(working);
            assertThrows(RoundClosedException.class, () -> call(works));
        }
    }

    @Test
    void aFullGatewayIsBusyUntilThereIsRoom() throws InterruptedException {
        open(Duration.ofMinutes(5), 70_000);
        // Messages may take half of the bytes: one of these fits, two do not.
        TokenBatch answers = new TokenBatch(new int[] {1}, 1);
        try (FrozenLlm a = address().open(gateway.pass(Purpose.TRAIN, 1, "a"));
                OipLlm b = (OipLlm) address().open(gateway.pass(Purpose.TRAIN, 1, "b"))) {
            Future<Result> first =
                    callers.start(() -> a.lossGradient(ConcurrentCallers.prompts(1, 900, HIDDEN), answers, 1));
            Eventually.await(() -> llm.asked.size() == 1);
            Future<Result> second =
                    callers.start(() -> b.lossGradient(ConcurrentCallers.prompts(1, 900, HIDDEN), answers, 1));
            Eventually.await(() -> b.counters().retries() > 0);
            assertEquals(0, gateway.waitingCalls(), "it waits at the client, not in the driver's memory");
            llm.let.release(2);
            ConcurrentCallers.get(first);
            ConcurrentCallers.get(second);
        }
        assertEquals(2, llm.asked.size());
    }

    /** However long the gateway is full: a client whose time is over is a straggler, not the end of the run. */
    @Test
    @Timeout(30)
    void whoFindsItFullUntilTheDeadlineIsAStraggler() throws InterruptedException {
        open(Duration.ofSeconds(2), 70_000);
        TokenBatch answers = new TokenBatch(new int[] {1}, 1);
        try (FrozenLlm a = address().open(gateway.pass(Purpose.TRAIN, 1, "a"));
                FrozenLlm b = address().open(gateway.pass(Purpose.TRAIN, 1, "b"))) {
            callers.start(() -> a.lossGradient(ConcurrentCallers.prompts(1, 900, HIDDEN), answers, 1));
            Eventually.await(() -> llm.asked.size() == 1);
            RoundClosedException e = assertThrows(
                    RoundClosedException.class,
                    () -> b.lossGradient(ConcurrentCallers.prompts(1, 900, HIDDEN), answers, 1));
            assertTrue(e.getMessage().contains("gateway.client_deadline"), e.getMessage());
        }
    }

    @Test
    void anEndpointThatTheRunCannotGoOnWithEndsTheRunAndSaysWhy() {
        llm.refuses = JobException.badInput("The endpoint has another model than this run began with.");
        try (FrozenLlm client = address().open(gateway.pass(Purpose.TRAIN, 1, "a"))) {
            JobException e = assertThrows(JobException.class, () -> call(client));
            assertEquals(ExitStatus.ENDPOINT_UNAVAILABLE, e.status());
            assertTrue(e.getMessage().contains("another model"), e.getMessage());
        }
    }

    @Test
    void theWaitForAFullGatewayIsLongerThanTheDeadline() {
        Duration deadline = Duration.ofHours(3);
        OipOptions.Retry retry = GatewayClient.patience(deadline);
        long least = (retry.tries() - 6L) * retry.backoffMax().toMillis() * 3 / 4;
        assertTrue(least > deadline.toMillis(), retry.toString());
    }

    /** A task that was killed: its call must not take the LLM's time, nor room, once it is known to be gone. */
    @Test
    void aCallWhoseCallerHasGoneIsNotComputed() throws InterruptedException {
        try (FrozenLlm a = address().open(gateway.pass(Purpose.TRAIN, 1, "a"));
                FrozenLlm b = address().open(gateway.pass(Purpose.TRAIN, 1, "b"))) {
            Future<Result> working = callers.start(() -> call(a));
            Eventually.await(() -> llm.asked.size() == 1);
            Thread killed = new Thread(() -> assertThrows(IllegalStateException.class, () -> call(b)));
            killed.start();
            Eventually.await(() -> gateway.waitingCalls() == 1);
            killed.interrupt();
            killed.join();
            Eventually.await(() -> gateway.waitingCalls() == 0);
            llm.let.release(100);
            ConcurrentCallers.get(working);
            assertEquals(1, llm.asked.size());
        }
    }

    @Test
    @Timeout(30)
    void whatAcceptsConnectionsAndIsNoGatewayIsStatusFive() throws IOException {
        try (ServerSocket other = new ServerSocket(0)) {
            callers.start(() -> {
                while (!other.isClosed()) {
                    other.accept().close();
                }
                return null;
            });
            Network wrong = new Network(
                    "localhost",
                    other.getLocalPort(),
                    false,
                    "",
                    "f",
                    Duration.ofMinutes(30),
                    MESSAGE,
                    Wire.EMBEDDINGS,
                    "");
            OipOptions.Retry twice = new OipOptions.Retry(2, Duration.ZERO, Duration.ZERO);
            JobException e = assertThrows(
                    JobException.class, () -> GatewayClient.open(wrong, gateway.pass(Purpose.TRAIN, 1, "a"), twice));
            assertEquals(ExitStatus.ENDPOINT_UNAVAILABLE, e.status());
        }
    }

    @Test
    void aCallersMistakeComesBackAsItsReason() {
        try (FrozenLlm client = address().open(gateway.pass(Purpose.TRAIN, 1, "a"))) {
            LlmException e = assertThrows(
                    LlmException.class,
                    () -> client.lossGradient(
                            ConcurrentCallers.prompts(1, TOKENS, HIDDEN + 1), new TokenBatch(new int[] {1}, 1), 1));
            assertEquals(Reason.BAD_REQUEST, e.reason());
        }
    }

    @Test
    void withTlsExecutorsTrustTheAuthorityTheyAreGivenAndNoOther(@TempDir Path folder) throws Exception {
        close();
        TestCertificates keys = new TestCertificates(folder, "own").sign("gateway");
        Path certificate = keys.certificate("gateway");
        Path key = keys.key("gateway");
        Path authority = keys.ca();
        gateway = new Gateway(llm, new GatewayOptions(Duration.ofMinutes(5), 1 << 20, 1, false, 1, Duration.ZERO));
        gateway.listen(new GatewayNetwork("127.0.0.1", 0, "localhost", certificate, key, authority, MESSAGE, FEATURES));
        gateway.begin(Purpose.TRAIN, 1, ConcurrentCallers.COHORT);
        try (FrozenLlm client = address().open(gateway.pass(Purpose.TRAIN, 1, "a"))) {
            assertEquals(12, client.embed(new int[] {1, 2, 3}).length);
        }
        Network right = address();
        assertFalse(right.ca().contains("PRIVATE"), "the key stays on the driver");
        Network javasOwn = new Network(
                right.host(),
                right.port(),
                true,
                "",
                right.fingerprint(),
                right.trainDeadline(),
                right.maxMessage(),
                right.wire(),
                right.run());
        assertThrows(
                JobException.class, () -> GatewayClient.open(javasOwn, gateway.pass(Purpose.TRAIN, 1, "b"), ONE_TRY));
        // The right authority has signed it, but its time is over.
        gateway.close();
        keys.sign("old", -40, 30);
        gateway = new Gateway(llm, new GatewayOptions(Duration.ofMinutes(5), 1 << 20, 1, false, 1, Duration.ZERO));
        gateway.listen(new GatewayNetwork(
                "127.0.0.1", 0, "localhost", keys.certificate("old"), keys.key("old"), authority, MESSAGE, FEATURES));
        gateway.begin(Purpose.TRAIN, 1, ConcurrentCallers.COHORT);
        JobException e = assertThrows(
                JobException.class, () -> GatewayClient.open(address(), gateway.pass(Purpose.TRAIN, 1, "a"), ONE_TRY));
        assertTrue(e.getMessage().contains("NotAfter"), e.getMessage());
    }

    @Test
    void settingsSayHowItListens() {
        GatewayNetwork network =
                GatewayNetwork.of(Settings.load(List.of(), List.of("gateway.port=7077")), "driver-7", "10.0.0.7");
        assertEquals("driver-7", network.host());
        assertEquals(7077, network.port());
        assertEquals("10.0.0.7", network.bind());
        assertEquals(
                "0.0.0.0",
                GatewayNetwork.of(Settings.load(List.of(), List.of("gateway.bind=0.0.0.0")), "driver-7", "10.0.0.7")
                        .bind());
    }
}
