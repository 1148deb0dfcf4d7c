package org.fednano.llm.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.FrozenLlm.Scores;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.Reason;
import org.fednano.llm.metrics.ServerMetrics;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.oip.proto.GRPCInferenceServiceGrpc;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelMetadataRequest;
import org.fednano.llm.oip.proto.ModelMetadataResponse;
import org.fednano.llm.oip.proto.ModelReadyRequest;
import org.fednano.llm.oip.proto.ServerLiveRequest;
import org.fednano.llm.oip.proto.ServerMetadataRequest;
import org.fednano.llm.oip.proto.ServerReadyRequest;
import org.fednano.llm.server.CallListener.Ended;
import org.fednano.llm.server.CallListener.Outcome;
import org.fednano.llm.wire.GrpcStatuses;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.testing.Eventually;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real server on a free port, with a real small LLM, asked by a plain gRPC client. */
class LlmServerTest {

    private static final int HIDDEN = TinyDecoder.PLAIN.hidden();
    private static final PromptBatch PROMPTS = TinyDecoder.prompts(HIDDEN, 9, 9, 4, 7);
    private static final TokenBatch ANSWERS =
            TokenBatch.of(List.of(new int[] {8, 3}, new int[] {3}, new int[] {11, 12, 3}));
    private static final LlmCall<Result> LOSS_GRAD = new PromptLoss(PROMPTS, ANSWERS, 1024);
    private static final LlmInfo.Limits LIMITS = new LlmInfo.Limits(500, 1 << 20);
    private static final LlmServer.Load LOAD = new LlmServer.Load(64, 1 << 22, 2);

    private static EmbeddedLlm llm;

    private final ConcurrentLinkedQueue<Ended> ended = new ConcurrentLinkedQueue<>();
    private LlmServer server;
    private Caller caller;

    @BeforeAll
    static void open() {
        llm = TinyDecoder.llm(TinyDecoder.PLAIN);
    }

    @AfterAll
    static void closeLlm() {
        llm.close();
    }

    @AfterEach
    void close() {
        if (server != null) {
            caller.close();
            server.close();
        }
    }

    private void serve(Backend backend, WireType type, LlmInfo.Limits limits, LlmServer.Load load) {
        server = LlmServer.start(
                LlmServer.Options.on("127.0.0.1", 0, Caller.MODEL, type, limits, load)
                        .withListener(ended::add),
                backend);
        caller = new Caller(server.port());
    }

    private void serve(Backend backend) {
        serve(backend, WireType.FP32, LIMITS, LOAD);
    }

    private static LlmInfo model() {
        return llm.info();
    }

    // ---- operations ----

    @Test
    void everyOperationAnswersAsTheLlmItself() {
        serve(Backend.of(llm));
        Result expected = LOSS_GRAD.on(llm);
        Result got = caller.ask(LOSS_GRAD, model());
        assertArrayEquals(expected.loss(), got.loss());
        assertArrayEquals(expected.answerTokens(), got.answerTokens());
        assertArrayEquals(expected.gradient(), got.gradient());

        LlmCall<Result> loss = new PromptLoss(PROMPTS, ANSWERS);
        assertArrayEquals(loss.on(llm).loss(), caller.ask(loss, model()).loss());

        LlmCall<float[]> embed = new LlmCall.Embed(new int[] {1, 5, -1, 28});
        assertArrayEquals(embed.on(llm), caller.ask(embed, model()));

        LlmCall<Scores> score = new LlmCall.Score(PROMPTS, new int[][][] {{{8, 3}, {9, 3}}, {{3}}, {{1}, {2, 3, 4}}});
        Scores scores = caller.ask(score, model());
        for (int b = 0; b < 3; b++) {
            assertArrayEquals(score.on(llm).tokens()[b], scores.tokens()[b]);
            assertArrayEquals(score.on(llm).logLikelihood()[b], scores.logLikelihood()[b], 1e-5);
        }

        LlmCall<int[][]> generate = new LlmCall.Generate(PROMPTS, 5);
        assertArrayEquals(generate.on(llm), caller.ask(generate, model()));
    }

    @ParameterizedTest
    @EnumSource(
            value = WireType.class,
            names = {"FP16", "BF16"})
    void halfTypesOnTheWireChangeByRoundingOnly(WireType type) {
        serve(Backend.of(llm), type, LIMITS, LOAD);
        Result expected = LOSS_GRAD.on(llm);
        Result got = caller.ask(LOSS_GRAD, model(), type, CallOptions.DEFAULT);
        for (int b = 0; b < 3; b++) {
            assertEquals(expected.loss()[b], got.loss()[b], 0.05);
        }
        double dot = 0;
        double one = 0;
        double two = 0;
        for (int i = 0; i < expected.gradient().length; i++) {
            dot += expected.gradient()[i] * got.gradient()[i];
            one += Math.pow(expected.gradient()[i], 2);
            two += Math.pow(got.gradient()[i], 2);
        }
        assertTrue(dot / Math.sqrt(one * two) > 0.99, "the gradient points the same way");
        assertEquals(type.ofGradients().name(), output(metadata(), "grad").getDatatype());
    }

    @Test
    void infoSaysTheTighterLimits() {
        serve(Backend.of(llm));
        LlmInfo info = caller.info();
        assertEquals(model().fingerprint(), info.fingerprint());
        assertEquals(LIMITS, info.limits());
        assertArrayEquals(model().probe().prompt(), info.probe().prompt());
    }

    @Test
    void healthAndMetadata() {
        serve(Backend.of(llm));
        assertTrue(caller.unary(GRPCInferenceServiceGrpc.getServerLiveMethod(), ServerLiveRequest.getDefaultInstance())
                .getLive());
        assertTrue(serverReady());
        assertTrue(caller.unary(
                        GRPCInferenceServiceGrpc.getModelReadyMethod(),
                        ModelReadyRequest.newBuilder().setName(Caller.MODEL).build())
                .getReady());
        assertTrue(caller.unary(
                        GRPCInferenceServiceGrpc.getServerMetadataMethod(), ServerMetadataRequest.getDefaultInstance())
                .getExtensionsList()
                .contains("llmgrad/1"));
        ModelMetadataResponse metadata = metadata();
        String inputs = metadata.getInputsList().stream()
                .map(t -> t.getName() + " " + t.getDatatype() + " " + t.getShapeList())
                .collect(Collectors.joining("; "));
        assertEquals(
                "ctl BYTES [1]; embeds FP32 [-1, -1, 16]; mask INT32 [-1, -1]; answers INT32 [-1, -1];"
                        + " choices INT32 [-1, -1, -1]; ids INT32 [-1, -1]",
                inputs);
        assertEquals(List.of(-1L, -1L, 16L), output(metadata, "grad").getShapeList());
        assertEquals(
                Reason.NO_MODEL,
                reason(() -> caller.unary(
                        GRPCInferenceServiceGrpc.getModelMetadataMethod(),
                        ModelMetadataRequest.newBuilder().setName("other").build())));
    }

    /** Open Inference Protocol: "The id given in the request". */
    @Test
    void anAnswerBearsTheIdOfItsRequest() {
        serve(Backend.of(llm));
        for (String id : List.of("", "call-17", "å ß 1%")) {
            for (ModelInferRequest request : List.of(
                    Requests.info(Caller.MODEL, null), Requests.of(Caller.MODEL, "none", LOSS_GRAD, WireType.FP32))) {
                assertEquals(
                        id,
                        caller.infer(request.toBuilder().setId(id).build(), CallOptions.DEFAULT)
                                .getId());
            }
        }
    }

    // ---- reasons ----

    @Test
    void whatIsWrongIsSaidWithItsReason() {
        serve(Backend.of(llm));
        ModelInferRequest good = Requests.of(Caller.MODEL, "none", LOSS_GRAD, WireType.FP32);
        assertEquals(Reason.NO_MODEL, reason(() -> infer(good.toBuilder().setModelName("x"))));
        assertEquals(
                Reason.FINGERPRINT,
                reason(() -> infer(Requests.of(Caller.MODEL, "ab", LOSS_GRAD, WireType.FP32).toBuilder())));
        // Another model has another width too: what is told is the model.
        PromptBatch wide = TinyDecoder.prompts(HIDDEN * 2, 3, 3);
        assertEquals(
                Reason.FINGERPRINT,
                reason(() -> infer(
                        Requests.of(Caller.MODEL, "ab", new LlmCall.Generate(wide, 2), WireType.FP32).toBuilder())));
        assertEquals(
                Reason.BAD_REQUEST,
                reason(() -> infer(Requests.of(Caller.MODEL, "none", LOSS_GRAD, WireType.BF16).toBuilder())));
        assertEquals(Reason.TOKEN_RANGE, reason(() -> caller.ask(new LlmCall.Embed(new int[] {29}), model())));
        float[] bad = PROMPTS.embeds().clone();
        bad[5] = Float.NaN;
        LlmException nan = Caller.refused(
                () -> caller.ask(new PromptLoss(new PromptBatch(bad, PROMPTS.lengths(), 9, HIDDEN), ANSWERS), model()));
        assertEquals(Reason.NONFINITE_INPUT, nan.reason());
        assertTrue(nan.getMessage().contains("sample 0, token 0"), nan.getMessage());
        Eventually.await(() -> ended.size() == 6);
        assertTrue(ended.stream().allMatch(e -> e.outcome() == Outcome.FAILED));
        Ended refused = ended(Reason.NONFINITE_INPUT);
        assertEquals("loss", refused.op());
        assertTrue(refused.shapes().contains("embeds FP32 [3, 9, 16]"), refused.shapes());
        Eventually.await(() -> server.state().bytes() == 0);
    }

    @Test
    void tooManyTokensAreRefusedBeforeTheyAreComputed() {
        serve(Backend.of(llm), WireType.FP32, new LlmInfo.Limits(26, 1 << 20), LOAD);
        LlmException tooLarge = Caller.refused(() -> caller.ask(LOSS_GRAD, model()));
        assertEquals(Reason.TOO_LARGE, tooLarge.reason());
        assertTrue(tooLarge.getMessage().contains("at most 26"), tooLarge.getMessage());
        assertEquals(Reason.TOO_LARGE, reason(() -> caller.ask(new LlmCall.Embed(new int[27]), model())));
        PromptBatch one = TinyDecoder.prompts(HIDDEN, 3, 3);
        assertEquals(
                Reason.TOO_LARGE,
                reason(() -> caller.ask(new LlmCall.Generate(one, Integer.MAX_VALUE), model())),
                "no overflow");
        // Choices of one token lie behind no prompt, but each costs a row of logits.
        int[][] many = new int[27][];
        Arrays.fill(many, new int[] {3});
        assertEquals(Reason.TOO_LARGE, reason(() -> caller.ask(new LlmCall.Score(one, new int[][][] {many}), model())));
        Eventually.await(() -> ended.size() == 4);
        assertTrue(ended.stream().allMatch(e -> e.computeSeconds() == 0));
    }

    @Test
    void tooManyBytesAreRefused() {
        serve(Backend.of(llm), WireType.FP32, new LlmInfo.Limits(100_000, 100_000), LOAD);
        PromptBatch large = TinyDecoder.prompts(
                HIDDEN, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60,
                60, 60, 60, 60, 60, 60, 60);
        LlmCall<int[][]> call = new LlmCall.Generate(large, 1);
        assertTrue(Requests.bytes(call, HIDDEN, WireType.FP32) > 100_000);
        LlmException words = Caller.refused(() -> caller.ask(call, model()));
        assertEquals(Reason.TOO_LARGE, words.reason());
        assertTrue(words.getMessage().contains("LLMGRAD:TOO_LARGE"), words.getMessage());
        // So large that gRPC itself stops it.
        assertEquals(
                Reason.TOO_LARGE,
                reason(() -> caller.bytes(
                        "inference.GRPCInferenceService/ModelInfer", new byte[(64 << 20) + 200_000], null)));
        // Compressed it is small; what counts is what it becomes.
        assertEquals(
                Reason.TOO_LARGE,
                reason(() -> caller.ask(call, model(), WireType.FP32, CallOptions.DEFAULT.withCompression("gzip"))));
        // The question is small, its answer is not.
        assertEquals(Reason.TOO_LARGE, reason(() -> caller.ask(new LlmCall.Embed(new int[2000]), model())));
        assertEquals(0, caller.ask(new LlmCall.Embed(new int[] {-1}), model())[0]);
    }

    @Test
    void compressedRequestsAreRead() {
        serve(Backend.of(llm));
        Result got = caller.ask(LOSS_GRAD, model(), WireType.FP32, CallOptions.DEFAULT.withCompression("gzip"));
        assertArrayEquals(LOSS_GRAD.on(llm).gradient(), got.gradient());
        Eventually.await(() -> server.state().bytes() == 0);
    }

    @Test
    void garbageAndUnknownMethods() {
        serve(Backend.of(llm));
        byte[] noise = new byte[500];
        new Random(1).nextBytes(noise);
        noise[0] = 0x0f; // wire type 7, which there is not
        assertEquals(
                Reason.BAD_REQUEST,
                reason(() -> caller.bytes("inference.GRPCInferenceService/ModelInfer", noise, null)));
        assertEquals(
                Reason.BAD_REQUEST,
                reason(() -> caller.bytes("inference.GRPCInferenceService/ModelReady", noise, null)));
        // Two bytes each on the wire, an object each on the heap: stopped before they are made.
        byte[] bomb = new byte[300_000];
        for (int i = 0; i < bomb.length; i += 2) {
            bomb[i] = 0x2a;
        }
        LlmException stopped =
                Caller.refused(() -> caller.bytes("inference.GRPCInferenceService/ModelInfer", bomb, null));
        assertEquals(Reason.BAD_REQUEST, stopped.reason());
        assertTrue(stopped.getMessage().contains("at most 65536 bytes"), stopped.getMessage());
        LlmException unknown =
                Caller.refused(() -> caller.bytes("inference.GRPCInferenceService/Train", new byte[0], null));
        assertEquals(Reason.UNKNOWN_OP, unknown.reason());
        assertTrue(unknown.getMessage().contains("LLMGRAD:UNKNOWN_OP"), unknown.getMessage());
    }

    @ParameterizedTest
    @EnumSource
    void whatTheBackendThrowsIsTold(Thrown thrown) {
        serve(new Backend() {
            @Override
            public LlmInfo info() {
                return llm.info();
            }

            @Override
            public boolean ready() {
                return true;
            }

            @Override
            public FrozenLlm llm(Metadata headers) {
                if (thrown.failure instanceof Error e) {
                    throw e;
                }
                throw (RuntimeException) thrown.failure;
            }
        });
        LlmException got = Caller.refused(() -> caller.ask(LOSS_GRAD, model()));
        assertEquals(thrown.reason, got.reason());
        assertFalse(got.getMessage().contains("secret"), got.getMessage());
        // The server lives.
        assertEquals(thrown.reason, reason(() -> caller.ask(LOSS_GRAD, model())));
        Eventually.await(() -> server.state().equals(new LlmServer.State(0, 0, 0)));
    }

    enum Thrown {
        BUSY(new LlmException(Reason.BUSY, "full"), Reason.BUSY),
        CLOSED(new RoundClosedException("round 3 is over"), Reason.ROUND_CLOSED),
        DOWN(new JobException(ExitStatus.ENDPOINT_UNAVAILABLE, "gone"), Reason.ENDPOINT_DOWN),
        JOB(new JobException(ExitStatus.BAD_INPUT, "secret"), Reason.INTERNAL),
        HEAP(new OutOfMemoryError("Java heap space"), Reason.OOM),
        NATIVE(
                new IllegalStateException("secret", new RuntimeException("DefaultCPUAllocator: can't allocate memory")),
                Reason.OOM),
        BUG(new IllegalStateException("secret 0.25"), Reason.INTERNAL),
        DEEP(new StackOverflowError("secret"), Reason.INTERNAL);

        private final Throwable failure;
        private final Reason reason;

        Thrown(Throwable failure, Reason reason) {
            this.failure = failure;
            this.reason = reason;
        }
    }

    /** The tensor engine's own words for no memory, which are all that tells it from any other failure. */
    @Test
    void realLackOfNativeMemoryIsTold() {
        serve(new Backend() {
            @Override
            public LlmInfo info() {
                return llm.info();
            }

            @Override
            public boolean ready() {
                return true;
            }

            @Override
            public FrozenLlm llm(Metadata headers) {
                try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
                    manager.ones(new Shape(1L << 46));
                }
                return llm;
            }
        });
        assertEquals(Reason.OOM, reason(() -> caller.ask(LOSS_GRAD, model())));
    }

    // ---- queue ----

    @Test
    void aFullQueueIsBusyAndInfoIsStillAnswered() throws Exception {
        FakeGatedLlm gated = new FakeGatedLlm(llm);
        serve(Backend.of(gated), WireType.FP32, LIMITS, new LlmServer.Load(3, 1 << 22, 1));
        ModelInferRequest request = Requests.of(Caller.MODEL, "none", LOSS_GRAD, WireType.FP32);
        List<ListenableFuture<?>> three =
                List.of(caller.inferLater(request), caller.inferLater(request), caller.inferLater(request));
        Eventually.await(() -> server.state().waiting() == 2 && server.state().running() == 1);
        assertEquals(Reason.BUSY, reason(() -> caller.infer(request, CallOptions.DEFAULT)));
        assertEquals("none", caller.info().fingerprint());
        gated.gate.release(100);
        for (ListenableFuture<?> one : three) {
            one.get(30, TimeUnit.SECONDS);
        }
        caller.infer(request, CallOptions.DEFAULT);
        Eventually.await(() -> server.state().equals(new LlmServer.State(0, 0, 0)));
    }

    @Test
    void aQueueFullOfBytesIsBusyButOneRequestAlwaysPasses() throws Exception {
        FakeGatedLlm gated = new FakeGatedLlm(llm);
        PromptBatch large = TinyDecoder.prompts(
                HIDDEN, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60);
        LlmCall<int[][]> call = new LlmCall.Generate(large, 1);
        ModelInferRequest request = Requests.of(Caller.MODEL, "none", call, WireType.FP32);
        int bytes = request.getSerializedSize();
        assertTrue(bytes > 1 << 16, "read by a worker, not at the door");
        serve(
                Backend.of(gated),
                WireType.FP32,
                new LlmInfo.Limits(10_000, 1 << 20),
                new LlmServer.Load(10, bytes - 1, 1));
        ListenableFuture<?> first = caller.inferLater(request);
        Eventually.await(() -> server.state().running() == 1);
        assertEquals(bytes, server.state().bytes());
        assertEquals(Reason.BUSY, reason(() -> caller.infer(request, CallOptions.DEFAULT)));
        gated.gate.release(100);
        first.get(30, TimeUnit.SECONDS);
        Eventually.await(() -> server.state().bytes() == 0);
        caller.infer(request, CallOptions.DEFAULT);
    }

    @Test
    void aMessageThatNeverEndsIsBusyInTheEnd() throws Exception {
        serve(
                Backend.of(llm),
                WireType.FP32,
                LIMITS,
                new LlmServer.Load(3, 1 << 22, 1).withArrival(Duration.ofMillis(300)));
        try (RawHttp2 slow = new RawHttp2(server.port())) {
            int call = slow.call("ModelInfer", null);
            slow.begin(call, 1 << 19);
            slow.send(call, 1 << 18);
            Eventually.await(() -> server.state().bytes() > 1 << 18);
            Eventually.await(() -> server.state().bytes() == 0);
        }
        assertEquals(Reason.BUSY, ended.remove().reason());
    }

    @Test
    void whatIsCancelledOrLateInTheQueueIsNeverComputed() throws Exception {
        FakeGatedLlm gated = new FakeGatedLlm(llm);
        serve(Backend.of(gated), WireType.FP32, LIMITS, new LlmServer.Load(10, 1 << 22, 1));
        ModelInferRequest request = Requests.of(Caller.MODEL, "none", LOSS_GRAD, WireType.FP32);
        ListenableFuture<?> running = caller.inferLater(request);
        Eventually.await(() -> gated.begun.get() == 1);
        ListenableFuture<?> cancelled = caller.inferLater(request);
        Eventually.await(() -> server.state().waiting() == 1);
        cancelled.cancel(true);
        Eventually.await(() -> server.state().waiting() == 0);
        StatusRuntimeException late = assertThrows(
                StatusRuntimeException.class,
                () -> ClientCalls.blockingUnaryCall(
                        caller.channel,
                        GRPCInferenceServiceGrpc.getModelInferMethod(),
                        CallOptions.DEFAULT.withDeadlineAfter(300, TimeUnit.MILLISECONDS),
                        request));
        assertEquals(Reason.NOT_READY, GrpcStatuses.read(late).reason());
        Eventually.await(() -> server.state().waiting() == 0);
        // A caller that goes while it is being computed gets nothing, and its place is free afterwards.
        running.cancel(true);
        gated.gate.release(100);
        Eventually.await(() -> server.state().equals(new LlmServer.State(0, 0, 0)));
        assertEquals(1, gated.begun.get());
        Eventually.await(() -> ended.size() == 3);
        assertTrue(ended.stream().allMatch(e -> e.outcome() == Outcome.LEFT));
    }

    @Test
    void aServerThatStartsOrDrainsIsNotReadyAndFinishesWhatItHas() throws Exception {
        FakeGatedLlm gated = new FakeGatedLlm(llm);
        AtomicReference<FrozenLlm> loaded = new AtomicReference<>();
        serve(Backend.starting(loaded::get), WireType.FP32, LIMITS, new LlmServer.Load(10, 1 << 22, 1));
        assertFalse(serverReady());
        assertEquals(Reason.NOT_READY, reason(() -> caller.info()));
        loaded.set(gated);
        assertTrue(serverReady());
        ModelInferRequest request = Requests.of(Caller.MODEL, "none", LOSS_GRAD, WireType.FP32);
        ListenableFuture<?> running = caller.inferLater(request);
        ListenableFuture<?> waiting = caller.inferLater(request);
        Eventually.await(() -> server.state().waiting() == 1);
        CompletableFuture<Boolean> drained = CompletableFuture.supplyAsync(() -> server.drain(Duration.ofSeconds(30)));
        Eventually.await(() -> !serverReady());
        assertEquals(Reason.NOT_READY, reason(() -> caller.infer(request, CallOptions.DEFAULT)));
        assertFalse(drained.isDone());
        gated.gate.release(2);
        running.get(30, TimeUnit.SECONDS);
        waiting.get(30, TimeUnit.SECONDS);
        assertTrue(drained.get(30, TimeUnit.SECONDS));
    }

    @Test
    void aDrainThatLastsTooLongGivesUp() throws Exception {
        FakeGatedLlm gated = new FakeGatedLlm(llm);
        serve(Backend.of(gated), WireType.FP32, LIMITS, new LlmServer.Load(10, 1 << 22, 1));
        ListenableFuture<?> running = caller.inferLater(Requests.of(Caller.MODEL, "none", LOSS_GRAD, WireType.FP32));
        Eventually.await(() -> gated.begun.get() == 1);
        assertFalse(server.drain(Duration.ofMillis(200)));
        gated.gate.release(1);
        server.close();
        assertThrows(ExecutionException.class, () -> running.get(30, TimeUnit.SECONDS));
    }

    @Test
    void aTakenPortIsToldAsUsage() {
        serve(Backend.of(llm));
        JobException taken = assertThrows(
                JobException.class,
                () -> LlmServer.start(
                        LlmServer.Options.on("127.0.0.1", server.port(), Caller.MODEL, WireType.FP32, LIMITS, LOAD),
                        Backend.of(llm)));
        assertEquals(ExitStatus.USAGE, taken.status());
        assertTrue(taken.getMessage().contains(":" + server.port()), taken.getMessage());
    }

    // ---- figures ----

    @Test
    void figuresAndFailuresAreTold() throws Exception {
        try (ServerMetrics metrics = ServerMetrics.start("127.0.0.1", 0)) {
            server = LlmServer.start(
                    LlmServer.Options.on("127.0.0.1", 0, Caller.MODEL, WireType.FP32, LIMITS, LOAD)
                            .withListener(metrics.and(ended::add)),
                    Backend.of(llm));
            metrics.watch(server);
            caller = new Caller(server.port());
            caller.ask(LOSS_GRAD, model());
            reason(() -> caller.ask(new LlmCall.Embed(new int[] {29}), model()));
            Eventually.await(() -> ended.size() == 2);
            String page = new String(
                    URI.create("http://127.0.0.1:" + metrics.port() + "/metrics")
                            .toURL()
                            .openStream()
                            .readAllBytes(),
                    StandardCharsets.UTF_8);
            // 9 + 4 + 7 prompt tokens and 1 + 0 + 2 answer tokens that are inputs; padded 3 * (9 + 3 - 1).
            for (String line : List.of(
                    "fednano_endpoint_requests_total{op=\"loss_grad\",outcome=\"ok\",reason=\"\"} 1.0",
                    "fednano_endpoint_requests_total{op=\"embed\",outcome=\"failed\",reason=\"TOKEN_RANGE\"} 1.0",
                    "fednano_endpoint_tokens_total{kind=\"real\"} 23.0",
                    "fednano_endpoint_tokens_total{kind=\"padded\"} 33.0",
                    "fednano_endpoint_samples_total{op=\"loss_grad\"} 3.0",
                    "fednano_endpoint_batch_fill_bucket{op=\"loss_grad\",le=\"0.7\"} 1",
                    "fednano_endpoint_compute_seconds_count{op=\"loss_grad\"} 1",
                    "fednano_endpoint_queue_seconds_count{op=\"loss_grad\"} 1",
                    "fednano_endpoint_waiting 0.0",
                    "fednano_endpoint_running 0.0")) {
                assertTrue(page.contains(line), () -> line + " expected in\n" + page);
            }
            String line = FailureLog.line(ended(Reason.TOKEN_RANGE), Instant.EPOCH);
            assertTrue(
                    line.startsWith("{\"time\":\"1970-01-01T00:00:00Z\",\"op\":\"embed\",\"reason\":\"TOKEN_RANGE\""),
                    line);
            assertFalse(line.contains("\n"), line);
        }
    }

    @Test
    void ofManyFailuresSomeAreLogged() {
        LineBudget log = new LineBudget();
        long second = 1_000_000_000L;
        for (int i = 0; i < 1000; i++) {
            assertEquals(i < 10 ? 0 : -1, log.pass(Reason.AUTH, i));
        }
        assertEquals(0, log.pass(Reason.MASK, 1000), "each reason on its own");
        assertEquals(990, log.pass(Reason.AUTH, 11 * second));
        assertEquals(0, log.pass(Reason.AUTH, 12 * second));
    }

    // ---- help ----

    private boolean serverReady() {
        return caller.unary(GRPCInferenceServiceGrpc.getServerReadyMethod(), ServerReadyRequest.getDefaultInstance())
                .getReady();
    }

    private ModelMetadataResponse metadata() {
        return caller.unary(
                GRPCInferenceServiceGrpc.getModelMetadataMethod(),
                ModelMetadataRequest.newBuilder().setName(Caller.MODEL).build());
    }

    private static ModelMetadataResponse.TensorMetadata output(ModelMetadataResponse metadata, String name) {
        return metadata.getOutputsList().stream()
                .filter(t -> t.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private void infer(ModelInferRequest.Builder request) {
        caller.infer(request.build(), CallOptions.DEFAULT);
    }

    private static Reason reason(Runnable call) {
        return Caller.refused(call).reason();
    }

    /** The call that ended so: a listener is told after the answer left, so calls may end in another order than asked. */
    private Ended ended(Reason reason) {
        return ended.stream().filter(e -> e.reason() == reason).findFirst().orElseThrow();
    }
}
