package org.fednano.llm.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferRequest.InferInputTensor;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.GrpcStatuses;
import org.fednano.testing.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a caller says, however large, costs the server little, and the others nothing. */
@Tag("slow")
class BoundsTest {

    private static final long[] DIMENSIONS = {
        -1,
        0,
        0,
        0,
        1,
        1,
        2,
        3,
        16,
        199,
        200,
        65_536,
        100_000_000,
        Integer.MAX_VALUE,
        1L << 31,
        1L << 62,
        Long.MAX_VALUE
    };
    private static final String INFER = Malformed.SERVICE + "ModelInfer";
    private static final int IN_FLIGHT = 32;
    private static final double LONGEST_SECONDS = 2;

    private static final Malformed.Target TARGET = new Malformed.Target(
            "none",
            TinyDecoder.PLAIN.hidden(),
            TinyDecoder.PLAIN.vocabulary(),
            TinyDecoder.PLAIN.maxPositions(),
            BoundedServer.TOKENS,
            BoundedServer.MESSAGE);

    /** Megabytes that a process may have grown by, of what it is given for itself. */
    private static final double RESIDENT = 50;

    /** Of buffers and objects that no call holds: pieces in which they are asked for. */
    private static final double HELD = 20;

    private final Malformed malformed = new Malformed(TARGET, 7);
    private final CodedSound coded = new CodedSound("a-secret-of-this-run", TARGET);
    private final byte[] sound = malformed.good(malformed.call(new Random(4)));
    private final List<AutoCloseable> open = new ArrayList<>();
    private BoundedServer server;
    private Caller honest;
    private byte[] expected;
    private byte[] expectedOfCodes;
    private double slowest;

    @BeforeEach
    void start() throws IOException {
        server = BoundedServer.start();
        honest = new Caller(server.port());
        open.addAll(List.of(server, honest));
        expected = honest.bytes(INFER, sound, Malformed.TOKEN);
        honest.bytes(INFER, coded.putAll().toByteArray(), Malformed.TOKEN);
        expectedOfCodes = honest.bytes(INFER, coded.lossOfAll().toByteArray(), Malformed.TOKEN);
        for (int i = 0; i < 200; i++) { // the JVM has made its arenas and compiled what it will need
            honestCall();
        }
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private void honestCall() {
        long begin = System.nanoTime();
        assertArrayEquals(expected, honest.bytes(INFER, sound, Malformed.TOKEN));
        slowest = Math.max(slowest, (System.nanoTime() - begin) / 1e9);
    }

    /** By features and codes: what the store has let go is put again, as the contract says. */
    private void honestCodedCall() {
        long begin = System.nanoTime();
        byte[] call = coded.lossOfAll().toByteArray();
        byte[] answer;
        try {
            answer = honest.bytes(INFER, call, Malformed.TOKEN);
        } catch (LlmException e) {
            assertEquals(Reason.MISS, e.reason());
            honest.bytes(INFER, coded.putAll().toByteArray(), Malformed.TOKEN);
            answer = honest.bytes(INFER, call, Malformed.TOKEN);
        }
        assertArrayEquals(expectedOfCodes, answer);
        slowest = Math.max(slowest, (System.nanoTime() - begin) / 1e9);
    }

    private RawHttp2 connection() {
        try {
            RawHttp2 connection = new RawHttp2(server.port());
            open.add(0, connection);
            return connection;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Every operation, every tensor; a tensor without elements weighs nothing and may say that it is large. */
    @Test
    void twentyThousandAdversarialShapesTakeNoMemoryAndNoTime() throws Exception {
        int requests = 20_000;
        BoundedServer.Figures before = server.figures();
        Map<String, Integer> outcomes = new ConcurrentSkipListMap<>();
        Semaphore room = new Semaphore(IN_FLIGHT);
        try (Caller attacker = new Caller(server.port())) {
            slowest = 0;
            for (int i = 0; i < requests; i++) {
                assertTrue(room.tryAcquire(30, TimeUnit.SECONDS), "every request is answered");
                send(attacker, adversarial(new Random(i), i % 2 == 1), i % 3 == 0, room, outcomes);
                if (i % 100 == 0) {
                    honestCall();
                    honestCodedCall();
                }
            }
            assertTrue(room.tryAcquire(IN_FLIGHT, 30, TimeUnit.SECONDS), "every request is answered");
        }
        assertTrue(server.lives());
        for (Reason never : List.of(Reason.INTERNAL, Reason.OOM)) {
            assertTrue(!outcomes.containsKey(never.name()), () -> "Of no request: " + new TreeMap<>(outcomes));
        }
        assertTrue(
                outcomes.keySet().containsAll(List.of("BAD_REQUEST", "TOO_LARGE", "CHOICE", "MISS", "OK")),
                outcomes::toString);
        assertNothingStays("20,000 requests", server.figures(), before);
        System.out.printf("bounds: %d requests, slowest honest call %.3f s, %s%n", requests, slowest, outcomes);
        assertTrue(slowest < LONGEST_SECONDS, () -> "slowest honest call: " + slowest + " s");
    }

    private void assertNothingStays(String what, BoundedServer.Figures after, BoundedServer.Figures before) {
        double[] grown = after.grown(before);
        System.out.printf(
                "bounds: %s: process %+.1f MB, direct %+.1f MB, heap %+.1f MB, held %d bytes, features %d bytes%n",
                what, grown[0], grown[1], grown[2], after.requests(), after.features());
        assertTrue(grown[1] < HELD && grown[2] < HELD, () -> what + ": " + Arrays.toString(grown));
        assertTrue(after.requests() < Admission.SMALL, () -> what + ": " + after);
        FeatureStore.Limits features = BoundedServer.FEATURES;
        assertTrue(after.features() <= features.memory() + features.disk(), () -> what + ": " + after);
    }

    private byte[] adversarial(Random random, boolean second) throws IOException {
        ModelInferRequest.Builder message = second
                ? coded.request(random).toBuilder()
                : ModelInferRequest.parseFrom(malformed.good(malformed.call(random))).toBuilder();
        for (int times = random.nextInt(8) / 6; times >= 0; times--) {
            int others = message.getInputsCount() - 1;
            int at = others == 0 || random.nextInt(20) == 0 ? 0 : 1 + random.nextInt(others);
            InferInputTensor.Builder input = message.getInputsBuilder(at);
            List<Long> shape = new ArrayList<>(input.getShapeList());
            for (int i = 0; i < shape.size(); i++) {
                if (random.nextInt(3) == 0) {
                    shape.set(i, DIMENSIONS[random.nextInt(DIMENSIONS.length)]);
                }
            }
            if (random.nextInt(10) == 0) {
                shape.add(DIMENSIONS[random.nextInt(DIMENSIONS.length)]);
            }
            input.clearShape().addAllShape(shape);
            long elements = product(shape);
            if (elements >= 0 && elements <= 1 << 18 && at > 0 && random.nextInt(10) > 0) {
                byte[] raw = new byte[(int) elements * 4];
                Arrays.fill(raw, (byte) (random.nextInt(2) - 1));
                message.setRawInputContents(at, ByteString.copyFrom(raw));
            }
        }
        return message.build().toByteArray();
    }

    private static long product(List<Long> shape) {
        return shape.contains(0L)
                ? 0
                : shape.stream()
                        .mapToLong(Long::longValue)
                        .reduce(1, (a, b) -> a < 0 || b < 0 || Math.multiplyHigh(a, b) != 0 ? -1 : a * b);
    }

    private static void send(
            Caller attacker, byte[] message, boolean packed, Semaphore room, Map<String, Integer> outcomes) {
        ClientCall<byte[], byte[]> call = attacker.channel.newCall(
                Caller.raw(INFER), packed ? CallOptions.DEFAULT.withCompression("gzip") : CallOptions.DEFAULT);
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + Malformed.TOKEN);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        String outcome = status.isOk()
                                ? "OK"
                                : GrpcStatuses.read(new StatusRuntimeException(status))
                                        .reason()
                                        .name();
                        outcomes.merge(outcome, 1, Integer::sum);
                        room.release();
                    }
                },
                headers);
        call.request(2);
        call.setMessageCompression(packed);
        call.sendMessage(message);
        call.halfClose();
    }

    /** Each of four such attacks: what the first one takes is not forgiven because the last one takes nothing. */
    @Test
    void unfinishedMessagesWithoutATokenTakeNoMemory() throws Exception {
        largeHonestCalls();
        for (int time = 0; time < 4; time++) {
            BoundedServer.Figures before = server.figures();
            BoundedServer.Figures most = unfinishedMessages(before);
            assertNothingStays("5 connections without a token, 400 unfinished messages", most, before);
            double resident = most.grown(before)[0];
            assertTrue(resident < RESIDENT, () -> resident + " MB");
        }
    }

    /** Makes every connection's thread ask for the buffers that it keeps. */
    private void largeHonestCalls() {
        byte[] large = new byte[BoundedServer.MESSAGE - 1000];
        for (int i = 0; i < 8; i++) {
            try (Caller one = new Caller(server.port())) {
                for (int k = 0; k < 4; k++) {
                    assertEquals(
                            Reason.BAD_REQUEST,
                            Caller.refused(() -> one.bytes(INFER, large, Malformed.TOKEN))
                                    .reason());
                }
            }
        }
    }

    /** Five connections with 80 unfinished messages each, and honest calls between; the most of each figure meanwhile. */
    private BoundedServer.Figures unfinishedMessages(BoundedServer.Figures before) throws Exception {
        BoundedServer.Figures most = before;
        for (int i = 0; i < 5; i++) {
            RawHttp2 connection = connection();
            for (String method : List.of("ModelInfer", "ServerLive", "ModelReady", "Train")) {
                for (int k = 0; k < 20; k++) {
                    int call = connection.call(method, k % 2 == 0 ? null : "wrong");
                    connection.begin(call, BoundedServer.MESSAGE);
                    connection.send(call, 1 << 20);
                }
            }
            honestCall();
            most = most.most(server.figures());
        }
        return most;
    }

    /** A call has one message: of two, neither stays. */
    @Test
    void secondMessagesOfACallTakeNoMemory() throws Exception {
        largeHonestCalls();
        BoundedServer.Figures before = server.figures();
        RawHttp2 connection = connection();
        byte[] second = new byte[5 + 10];
        second[4] = 10;
        for (int k = 0; k < 200; k++) {
            int call = connection.call("ModelInfer", Malformed.TOKEN);
            connection.begin(call, 1 << 20);
            connection.send(call, 1 << 20);
            connection.frame(0, RawHttp2.END_STREAM, call, second);
            if (k % 20 == 0) {
                honestCall();
            }
        }
        honestCall();
        assertTrue(server.lives());
        Eventually.await(() -> figures().requests() == 0);
        assertNothingStays("200 calls with two messages", server.figures(), before);
    }

    private BoundedServer.Figures figures() {
        try {
            return server.figures();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** HTTP/2's decoder drops them before anybody could count them. */
    @Test
    void framesForCallsThatAreOverTakeNoMemoryAndNoTime() throws Exception {
        slowest = 0;
        RawHttp2 connection = connection();
        int over = connection.call("ServerMetadata", Malformed.TOKEN, RawHttp2.END_STREAM);
        int refused = connection.call("ModelInfer", "wrong");
        honestCall();
        BoundedServer.Figures before = server.figures();
        for (int i = 0; i < 50_000; i++) {
            int call = i % 2 == 0 ? over : refused;
            connection.frame(8, 0, call, new byte[] {0, 0, 0, 1});
            connection.frame(3, 0, call, new byte[4]);
            connection.frame(0, 0, refused, new byte[0]);
            if (i % 5_000 == 0) {
                honestCall();
            }
        }
        honestCall();
        assertNothingStays("150,000 frames for calls that are over", server.figures(), before);
        assertTrue(slowest < LONGEST_SECONDS, () -> "slowest honest call: " + slowest + " s");
    }

    /** Nothing is found under another secret, nothing kept under a wrong hash, and a full store stays within its bound. */
    @Test
    void anotherRunsFeaturesWrongHashesAndAFullStoreTakeNothing() throws Exception {
        slowest = 0;
        CodedSound stranger = new CodedSound("a-secret-of-another-run", TARGET);
        BoundedServer.Figures before = server.figures();
        for (int i = 0; i < 500; i++) {
            Random random = new Random(i);
            assertEquals(
                    Reason.BAD_REQUEST,
                    Caller.refused(() -> honest.bytes(
                                    INFER, stranger.mismatch(random).toByteArray(), Malformed.TOKEN))
                            .reason());
            assertEquals(
                    Reason.MISS,
                    Caller.refused(() ->
                                    honest.bytes(INFER, stranger.lossOfAll().toByteArray(), Malformed.TOKEN))
                            .reason());
            honest.bytes(INFER, coded.putNew(random).toByteArray(), Malformed.TOKEN);
            if (i % 50 == 0) {
                honestCodedCall();
            }
        }
        assertNothingStays(
                "500 features each of others, with wrong hashes and in a full store", server.figures(), before);
        assertTrue(slowest < LONGEST_SECONDS, () -> "slowest honest call: " + slowest + " s");
    }

    /** Who has a token may fill his own connection's share. */
    @Test
    void unfinishedMessagesWithATokenLeaveRoomForOthers() throws Exception {
        slowest = 0;
        RawHttp2 connection = connection();
        for (int k = 0; k < 100; k++) {
            int call = connection.call("ModelInfer", Malformed.TOKEN);
            connection.begin(call, BoundedServer.MESSAGE);
            connection.send(call, BoundedServer.MESSAGE - 1000);
            if (k % 10 == 0) {
                honestCall();
            }
        }
        honestCall();
        assertTrue(slowest < LONGEST_SECONDS, () -> "slowest honest call: " + slowest + " s");
    }

    /** A piece is an object, however small it is. */
    @Test
    void messagesInTinyPiecesAreCountedAsWhatTheyTake() throws Exception {
        slowest = 0;
        RawHttp2 connection = connection();
        for (int k = 0; k < 50; k++) {
            int call = connection.call("ModelInfer", Malformed.TOKEN);
            connection.begin(call, BoundedServer.MESSAGE);
            for (int i = 0; i < 4000; i++) {
                connection.frame(0, 0, call, new byte[1]);
            }
            if (k % 10 == 0) {
                honestCall();
            }
        }
        assertTrue(server.lives());
        assertTrue(slowest < LONGEST_SECONDS, () -> "slowest honest call: " + slowest + " s");
    }

    @Test
    void whoAsksAndDoesNotListenHoldsNoMoreThanHisShare() throws Exception {
        LlmCall<float[]> embed = new LlmCall.Embed(new int[BoundedServer.TOKENS]);
        byte[] message = malformed.good(embed);
        slowest = 0;
        RawHttp2 deaf = connection();
        deaf.frame(4, 0, 0, new byte[] {0, 4, 0, 0, 0, 0}); // SETTINGS_INITIAL_WINDOW_SIZE = 0: no answer can leave
        for (int k = 0; k < 200; k++) {
            int call = deaf.call("ModelInfer", Malformed.TOKEN);
            deaf.begin(call, message.length);
            deaf.frame(0, RawHttp2.END_STREAM, call, message);
            if (k % 20 == 0) {
                honestCall();
            }
        }
        assertTrue(server.lives());
        assertTrue(slowest < LONGEST_SECONDS, () -> "slowest honest call: " + slowest + " s");
    }
}
