package org.fednano.llm.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.fednano.adapter.AdapterLayout;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.adapter.CodedAdapters;
import org.fednano.llm.CodedLoss;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferResponse;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.Responses;
import org.fednano.llm.wire.StoreCall;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.Features;
import org.fednano.sample.PromptFeatures;
import org.fednano.testing.Eventually;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the contract's second version refuses, and that the server then answers on. */
class CodedRefusalsTest {

    private static final String RUN = "a-secret-of-this-run";
    private static final int HIDDEN = TinyDecoder.PLAIN.hidden();
    private static final int MESSAGE = 1 << 16;
    private static final AdapterLayout LAYOUT = AdapterLayout.of("both", HIDDEN, 3, 6);

    private static EmbeddedLlm llm;
    private static CodedLoss call;
    private static List<Features> features;

    private LlmServer server;
    private Caller caller;

    @BeforeAll
    static void open() {
        llm = TinyDecoder.llm(TinyDecoder.PLAIN);
        CodedRequests requests = new CodedRequests(3, HIDDEN, 29);
        List<PromptFeatures> samples = List.of(requests.sample(), requests.sample(), requests.sample());
        FeatureBatch batch = FeatureBatch.of(samples, HIDDEN);
        CodedPrompts prompts = new CodedAdapters(LAYOUT).forward(requests.theta(LAYOUT), batch);
        call = new CodedLoss(prompts, batch.answers(), 16, Wanted.SQUARES);
        features = prompts.features();
    }

    @AfterAll
    static void closeLlm() {
        llm.close();
    }

    @BeforeEach
    void serve() {
        server = LlmServer.start(
                LlmServer.Options.on(
                                "127.0.0.1",
                                0,
                                Caller.MODEL,
                                WireType.FP32,
                                new LlmInfo.Limits(200, MESSAGE),
                                new LlmServer.Load(64, 1 << 22, 2))
                        .withFeatures(new FeatureStore.Limits(20_000, 0, null, Duration.ofHours(1))),
                Backend.of(llm));
        caller = new Caller(server.port());
    }

    @AfterEach
    void close() {
        caller.close();
        server.close();
    }

    private static ModelInferRequest message(LlmCall<?> call, String run) {
        return Requests.of(Caller.MODEL, llm.info().fingerprint(), call, WireType.FP32, run);
    }

    private static ModelInferRequest message(StoreCall call) {
        return Requests.store(Caller.MODEL, llm.info().fingerprint(), call);
    }

    private ModelInferResponse ask(ModelInferRequest request) {
        return caller.infer(request, CallOptions.DEFAULT);
    }

    private boolean[] held(StoreCall call, int count) {
        return Responses.readHeld(ask(message(call)), llm.info().fingerprint(), count);
    }

    private static List<String> ids() {
        return features.stream().map(Features::id).toList();
    }

    private void put() {
        assertArrayEquals(new boolean[] {true, true, true}, held(new StoreCall.Put(RUN, features), 3));
    }

    private void refused(Reason reason, ModelInferRequest request) {
        LlmException failure = assertThrows(LlmException.class, () -> ask(request));
        assertEquals(reason, failure.reason(), failure.getMessage());
        assertFalse(failure.getMessage().contains(RUN), failure.getMessage());
    }

    /** A tensor's shape or bytes changed. */
    private static ModelInferRequest broken(
            ModelInferRequest sound,
            String tensor,
            Consumer<ModelInferRequest.InferInputTensor.Builder> shape,
            ByteString raw) {
        ModelInferRequest.Builder message = sound.toBuilder();
        for (int i = 0; i < message.getInputsCount(); i++) {
            if (message.getInputs(i).getName().equals(tensor)) {
                shape.accept(message.getInputsBuilder(i));
                if (raw != null) {
                    message.setRawInputContents(i, raw);
                }
            }
        }
        return message.build();
    }

    private static ByteString ints(int... values) {
        ByteBuffer raw = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(values).forEach(raw::putInt);
        return ByteString.copyFrom(raw.array());
    }

    private static ByteString zeros(int values) {
        return ByteString.copyFrom(new byte[4 * values]);
    }

    private static void dims(ModelInferRequest.InferInputTensor.Builder tensor, long... dims) {
        tensor.clearShape();
        Arrays.stream(dims).forEach(tensor::addShape);
    }

    @Test
    void featuresThatAreNotHeldAreAMiss() {
        refused(Reason.MISS, message(call, RUN));
        put();
        assertNotNull(ask(message(call, RUN)));
        held(new StoreCall.Have(RUN, ids()), 3);
        ask(message(new StoreCall.Drop(RUN)));
        refused(Reason.MISS, message(call, RUN));
        assertEquals(0, server.features().entries());
    }

    /** Neither used nor seen to be there. */
    @Test
    void anotherRunsFeaturesDoNotExist() {
        put();
        String other = RUN + "2";
        refused(Reason.MISS, message(call, other));
        assertArrayEquals(new boolean[3], held(new StoreCall.Have(other, ids()), 3));
        ask(message(new StoreCall.Drop(other)));
        assertArrayEquals(new boolean[] {true, true, true}, held(new StoreCall.Have(RUN, ids()), 3));
        refused(Reason.BAD_REQUEST, message(call, "short"));
        refused(Reason.BAD_REQUEST, message(call, null));
    }

    @Test
    void aHashThatDoesNotFitItsBytesKeepsNothing() {
        ModelInferRequest sound = message(new StoreCall.Put(RUN, features));
        ByteString x = sound.getRawInputContents(3);
        byte[] changed = x.toByteArray();
        changed[changed.length - 1] ^= 1;
        refused(Reason.BAD_REQUEST, broken(sound, "x", t -> {}, ByteString.copyFrom(changed)));
        assertEquals(0, server.features().entries());
        int all = features.stream().mapToInt(Features::tokens).sum();
        refused(Reason.BAD_REQUEST, broken(sound, "rows", t -> {}, ints(all, 0, 0)));
        refused(Reason.BAD_REQUEST, broken(sound, "rows", t -> {}, ints(1, 1, 1 << 30)));
        refused(Reason.BAD_REQUEST, broken(sound, "rows", t -> {}, ints(-1, 1, all)));
        refused(Reason.BAD_REQUEST, broken(sound, "rows", t -> dims(t, 2), ints(1, all - 1)));
        refused(Reason.BAD_REQUEST, broken(sound, "modality", t -> dims(t, all), zeros(all)));
        int[] wild = new int[all];
        wild[all - 1] = 1 << 20;
        refused(Reason.BAD_REQUEST, broken(sound, "modality", t -> {}, ints(wild)));
        refused(Reason.BAD_REQUEST, broken(sound, "x", t -> dims(t, all * 2, HIDDEN / 2), null));
        refused(Reason.TOO_LARGE, broken(sound, "x", t -> dims(t, 300, HIDDEN), zeros(300 * HIDDEN)));
        refused(Reason.BAD_REQUEST, broken(sound, "refs", t -> dims(t, 6, 4), null));
        refused(Reason.BAD_REQUEST, message(new StoreCall.Have(RUN, List.of())));
        assertEquals(0, server.features().entries());
        put();
    }

    @Test
    void codesAndMatricesMustFitTheFeatures() {
        put();
        ModelInferRequest sound = message(call, RUN);
        int longest = call.prompts().tokens();
        int rank = LAYOUT.rank();
        refused(Reason.BAD_REQUEST, broken(sound, "codes", t -> dims(t, 3, longest, rank - 1), zeros(3 * longest * 2)));
        refused(
                Reason.BAD_REQUEST,
                broken(sound, "codes", t -> dims(t, 3, longest - 1, rank), zeros(3 * (longest - 1) * 3)));
        refused(Reason.BAD_REQUEST, broken(sound, "codes", t -> dims(t, 2, longest, rank), zeros(2 * longest * 3)));
        refused(Reason.BAD_REQUEST, broken(sound, "codes", t -> dims(t, 3, 0, rank), ByteString.EMPTY));
        refused(Reason.BAD_REQUEST, broken(sound, "codes", t -> dims(t, 3, longest, 0), ByteString.EMPTY));
        refused(Reason.TOO_LARGE, broken(sound, "codes", t -> dims(t, 3, 100, 1), zeros(300)));
        refused(
                Reason.BAD_REQUEST,
                broken(sound, "up", t -> dims(t, 2, rank, HIDDEN - 1), zeros(2 * rank * (HIDDEN - 1))));
        refused(Reason.BAD_REQUEST, broken(sound, "up", t -> dims(t, 0, rank, HIDDEN), ByteString.EMPTY));
        refused(Reason.BAD_REQUEST, broken(sound, "up_of", t -> {}, ints(0, 1, 0, 2, 0, 1)));
        refused(Reason.BAD_REQUEST, broken(sound, "up_of", t -> {}, ints(0, 1, 0, -2, 0, 1)));
        refused(Reason.BAD_REQUEST, broken(sound, "up_of", t -> dims(t, 3, 0), ByteString.EMPTY));
        refused(Reason.BAD_REQUEST, broken(sound, "up_of", t -> dims(t, 2, 3), null));
        byte[] nan = new byte[4 * 3 * longest * rank];
        for (int i = 0; i < nan.length; i += 4) {
            ByteBuffer.wrap(nan).order(ByteOrder.LITTLE_ENDIAN).putFloat(i, Float.NaN);
        }
        refused(Reason.NONFINITE_INPUT, broken(sound, "codes", t -> {}, ByteString.copyFrom(nan)));
        assertNotNull(ask(sound));
    }

    /** A few bytes of up_of or codes must not stand for gigabytes. */
    @Test
    void whatIsMadeOfAMessageIsBoundedToo() {
        LlmServer.Options wide = LlmServer.Options.on(
                        "127.0.0.1",
                        0,
                        Caller.MODEL,
                        WireType.FP32,
                        new LlmInfo.Limits(1 << 20, MESSAGE),
                        new LlmServer.Load(64, 1 << 22, 2))
                .withFeatures(new FeatureStore.Limits(20_000, 0, null, Duration.ofHours(1)));
        try (LlmServer other = LlmServer.start(wide, Backend.of(llm));
                Caller asking = new Caller(other.port())) {
            ModelInferRequest sound = message(call, RUN);
            ModelInferRequest tall = broken(sound, "codes", t -> dims(t, 3, 2000, 1), zeros(6000));
            LlmException e = assertThrows(LlmException.class, () -> asking.infer(tall, CallOptions.DEFAULT));
            assertEquals(Reason.TOO_LARGE, e.reason());
        }
        put();
        CodedLoss each = new CodedLoss(call.prompts(), call.answers(), 16, Wanted.EACH);
        ModelInferRequest many = broken(message(each, RUN), "up_of", t -> dims(t, 3, 120), zeros(360));
        refused(Reason.TOO_LARGE, many);
    }

    @Test
    void versionsDoNotMix() {
        refused(Reason.UNKNOWN_OP, control("{\"v\":1,\"op\":\"put\",\"fp\":\"none\",\"run\":\"" + RUN + "\"}"));
        refused(Reason.UNKNOWN_OP, control("{\"v\":2,\"op\":\"loss\",\"fp\":\"none\",\"run\":\"" + RUN + "\"}"));
        refused(Reason.VERSION, control("{\"v\":3,\"op\":\"put\",\"fp\":\"none\",\"run\":\"" + RUN + "\"}"));
        refused(Reason.FINGERPRINT, control("{\"v\":2,\"op\":\"have\",\"fp\":\"another\",\"run\":\"" + RUN + "\"}"));
        assertEquals(2, caller.info().version());
        try (LlmServer first = LlmServer.start(
                        LlmServer.Options.on(
                                "127.0.0.1",
                                0,
                                Caller.MODEL,
                                WireType.FP32,
                                new LlmInfo.Limits(200, MESSAGE),
                                new LlmServer.Load(64, 1 << 22, 2)),
                        Backend.of(llm));
                Caller asking = new Caller(first.port())) {
            assertEquals(1, asking.info().version());
            LlmException e =
                    assertThrows(LlmException.class, () -> asking.infer(message(call, RUN), CallOptions.DEFAULT));
            assertEquals(Reason.VERSION, e.reason());
        }
    }

    private static ModelInferRequest control(String json) {
        ByteBuffer raw = ByteBuffer.allocate(4 + json.length())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(json.length());
        raw.put(json.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        return broken(message(call, RUN), "ctl", t -> {}, ByteString.copyFrom(raw.array()));
    }

    /** Features of two runs, of which the store has room for one. */
    @Test
    void aFullStoreLetsGoOfWhatWasNotUsedForLongest() {
        CodedRequests requests = new CodedRequests(9, HIDDEN, 29);
        for (int i = 0; i < 200; i++) {
            PromptFeatures sample = requests.sample();
            Features some = Features.of(sample.embeds(), sample.modality(), HIDDEN);
            assertTrue(held(new StoreCall.Put(RUN + i % 2, List.of(some)), 1)[0]);
            assertTrue(server.features().memory() <= 20_000);
        }
        assertTrue(server.features().evicted() > 100);
        Features giant = Features.of(new float[190 * HIDDEN * 2], new byte[190], 2 * HIDDEN);
        assertFalse(new FeatureStore(new FeatureStore.Limits(20_000, 0, null, Duration.ofHours(1))).put("r", giant));
    }

    /** Bounds are kept while calls run, and calls keep what they run on. */
    @Test
    void whatACallHasFoundStaysUntilItIsAnswered() throws Exception {
        FakeGatedLlm gated = new FakeGatedLlm(llm);
        LlmServer.Options options = LlmServer.Options.on(
                        "127.0.0.1",
                        0,
                        Caller.MODEL,
                        WireType.FP32,
                        new LlmInfo.Limits(200, MESSAGE),
                        new LlmServer.Load(64, 1 << 22, 2))
                .withFeatures(new FeatureStore.Limits(20_000, 0, null, Duration.ofHours(1)));
        try (LlmServer full = LlmServer.start(options, Backend.of(gated));
                Caller asking = new Caller(full.port())) {
            asking.infer(message(new StoreCall.Put(RUN, features)), CallOptions.DEFAULT);
            gated.gate.release();
            ModelInferResponse expected = asking.infer(message(call, RUN), CallOptions.DEFAULT);
            List<ListenableFuture<ModelInferResponse>> running =
                    List.of(asking.inferLater(message(call, RUN)), asking.inferLater(message(call, RUN)));
            Eventually.await(() -> gated.begun.get() == 3);
            CodedRequests requests = new CodedRequests(9, HIDDEN, 29);
            for (int i = 0; i < 200; i++) {
                PromptFeatures sample = requests.sample();
                Features some = Features.of(sample.embeds(), sample.modality(), HIDDEN);
                asking.infer(message(new StoreCall.Put(RUN + 2, List.of(some))), CallOptions.DEFAULT);
                assertTrue(full.features().memory() <= 20_000);
            }
            LlmException gone =
                    assertThrows(LlmException.class, () -> asking.infer(message(call, RUN), CallOptions.DEFAULT));
            assertEquals(Reason.MISS, gone.reason());
            gated.gate.release(2);
            for (ListenableFuture<ModelInferResponse> one : running) {
                assertEquals(expected, one.get(30, TimeUnit.SECONDS));
            }
        }
    }
}
