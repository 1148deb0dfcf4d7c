package org.fednano.llm.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.server.CallListener.Ended;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.WireType;
import org.fednano.testing.Eventually;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a connection may do before and beside its calls, and how many there may be. */
class ConnectionsTest {

    private static final LlmServer.Load LOAD = new LlmServer.Load(64, 1 << 22, 2);
    private static final Duration SHORT = Duration.ofMillis(500);
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final byte[] INFO = Requests.info(Caller.MODEL, null).toByteArray();
    private static final String INFER = Malformed.SERVICE + "ModelInfer";

    private static EmbeddedLlm llm;

    private final ConcurrentLinkedQueue<Ended> ended = new ConcurrentLinkedQueue<>();
    private final List<AutoCloseable> open = new ArrayList<>();
    private LlmServer server;

    @BeforeAll
    static void open() {
        llm = TinyDecoder.llm(TinyDecoder.PLAIN);
    }

    @AfterAll
    static void closeLlm() {
        llm.close();
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
        server.close();
    }

    private void serve(LlmServer.Load load, boolean token, Backend backend) {
        server = LlmServer.start(
                LlmServer.Options.on(
                                "127.0.0.1", 0, Caller.MODEL, WireType.FP32, new LlmInfo.Limits(500, 1 << 20), load)
                        .withTokens(token ? BearerTokens.of(Malformed.TOKEN) : null)
                        .withListener(ended::add),
                backend);
    }

    private void serve(LlmServer.Load load, boolean token) {
        serve(load, token, Backend.of(llm));
    }

    private RawHttp2 raw() throws IOException {
        RawHttp2 connection = new RawHttp2(server.port());
        open.add(connection);
        return connection;
    }

    private Caller honest() {
        Caller caller = new Caller(server.port());
        open.add(caller);
        return caller;
    }

    private static void ask(Caller caller) {
        caller.bytes(INFER, INFO, Malformed.TOKEN);
    }

    // ---- calls ----

    /** Readers that are stuck: what waits for them is bounded, though it is nearly nothing. */
    @Test
    void aCallCountsBeforeAByteOfItIsThere() throws IOException {
        CountDownLatch told = new CountDownLatch(1);
        serve(LOAD, false, new Backend() {
            @Override
            public LlmInfo info() {
                try {
                    told.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return llm.info();
            }

            @Override
            public boolean ready() {
                return true;
            }

            @Override
            public FrozenLlm llm(io.grpc.Metadata headers) {
                return llm;
            }
        });
        for (int i = 0; i < 5; i++) {
            RawHttp2 connection = raw();
            for (int k = 0; k < 100; k++) {
                int call = connection.call("ModelInfer", null);
                connection.begin(call, INFO.length);
                connection.frame(0, RawHttp2.END_STREAM, call, INFO);
            }
        }
        int room = (1 << 20) / Admission.CALL; // the least room for small requests
        Eventually.await(() -> ended.size() == 500 - room);
        assertTrue(ended.stream().allMatch(e -> e.reason() == Reason.BUSY), ended::toString);
        assertTrue(server.state().bytes() <= 1 << 20, server.state()::toString);
        told.countDown();
        Eventually.await(() -> ended.size() == 500 && server.state().bytes() == 0);
        ask(honest());
    }

    /** Refused before they are sent: who does not hear it must not keep what a call takes. */
    @Test
    void refusedCallsDoNotStayOpen() throws IOException {
        serve(LOAD, true);
        RawHttp2 connection = raw();
        for (int i = 0; i < 1000; i++) { // more than may be open
            connection.call("ModelInfer", "wrong");
            int refused = i;
            Eventually.await(() -> ended.size() > refused);
        }
        assertTrue(ended.stream().allMatch(e -> e.reason() == Reason.AUTH));
    }

    /** A client of good faith hears of its refusal when most of what it had to say is on its way. */
    @Test
    void largeRefusedCallsLeaveTheOthersOfTheirConnection() throws Exception {
        serve(LOAD, false);
        Caller caller = honest();
        byte[] large = new byte[40 << 20];
        for (int i = 0; i < 5; i++) {
            assertEquals(
                    Reason.TOO_LARGE,
                    Caller.refused(() -> caller.bytes(INFER, large, null)).reason());
            ask(caller);
        }
    }

    // ---- strangers ----

    @Test
    void whoIsNotLetInIsClosedAfterAWhile() throws IOException {
        serve(LOAD.withConnections(50, SHORT), true);
        Caller caller = honest();
        ask(caller);
        RawHttp2 known = raw();
        known.call("ServerMetadata", Malformed.TOKEN, RawHttp2.END_STREAM);
        RawHttp2 silent = raw();
        RawHttp2 deaf = raw();
        deaf.frame(4, 0, 0, new byte[] {0, 4, 0, 0, 0, 0}); // nothing can be answered, so its calls stay open
        RawHttp2 wrong = raw();
        RawHttp2 asksForHealth = raw();
        try (Socket mute = new Socket("localhost", server.port())) {
            mute.setSoTimeout(60_000);
            deaf.call("ServerLive", null, RawHttp2.END_STREAM);
            wrong.begin(wrong.call("ModelInfer", "wrong"), 1000);
            asksForHealth.call("ServerLive", null, RawHttp2.END_STREAM);
            for (RawHttp2 stranger : List.of(silent, deaf, wrong, asksForHealth)) {
                Eventually.await(stranger::ended);
            }
            while (mute.getInputStream().read() >= 0) {
                // the server's first frames
            }
        }
        assertFalse(known.ended());
        ask(caller);
    }

    /** A load balancer, or a client that waits for a model to be loaded: it comes by another connection and notices nothing. */
    @Test
    void whoAsksForHealthAloneIsAlwaysAnswered() throws InterruptedException {
        serve(LOAD.withConnections(50, Duration.ofMillis(200)), true);
        Caller caller = honest();
        for (int i = 0; i < 300; i++) {
            caller.bytes(Malformed.SERVICE + "ServerReady", new byte[0], null);
            Thread.sleep(5);
        }
    }

    // ---- many ----

    @Test
    void whoHoldsManyKeepsNobodyOut() throws IOException {
        serve(LOAD.withConnections(20, LONG), true);
        Caller before = honest();
        ask(before);
        List<RawHttp2> many = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            many.add(raw());
            many.get(i).call("ModelInfer", i % 2 == 0 ? null : "wrong");
        }
        ask(before);
        ask(honest());
        Eventually.await(() -> many.stream().filter(RawHttp2::ended).count() >= 81);
        assertTrue(many.stream().filter(RawHttp2::ended).count() <= 83);
    }

    /** Where everybody is let in: who has no call open goes, and who has one stays. */
    @Test
    void withoutATokenTheLongestUnusedGo() throws IOException {
        serve(LOAD.withConnections(20, LONG), false);
        RawHttp2 busy = raw();
        busy.begin(busy.call("ModelInfer", null), 1000);
        Eventually.await(() -> server.state().bytes() > 0);
        List<RawHttp2> many = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            many.add(raw());
            many.get(i).call("ServerMetadata", null, RawHttp2.END_STREAM);
            if (i % 10 == 0) {
                ask(honest());
            }
        }
        assertFalse(busy.ended());
        // When nobody is idle, a newer one finds no place, and those that have one keep it.
        List<RawHttp2> holders = new ArrayList<>(List.of(busy));
        while (holders.size() < 20) {
            RawHttp2 holder = raw();
            holder.begin(holder.call("ModelInfer", null), 1000);
            holders.add(holder);
            Eventually.await(() -> server.state().bytes() >= holders.size() * (long) Admission.CALL);
        }
        for (int i = 0; i < 10; i++) {
            Eventually.await(raw()::ended);
        }
        assertTrue(holders.stream().noneMatch(RawHttp2::ended));
    }

    // ---- frames ----

    private enum Flood {
        SETTINGS(4, 0, 0, new byte[0]),
        SETTINGS_ACK(4, 1, 0, new byte[0]),
        PRIORITY(2, 0, 1, new byte[] {0, 0, 0, 0, 16}),
        WINDOW_UPDATE(8, 0, 0, new byte[] {0, 0, 0, 1}),
        WINDOW_UPDATE_OF_A_CALL(8, 0, 1, new byte[] {0, 0, 0, 1}),
        LARGE_WINDOW_UPDATE(8, 0, 0, new byte[] {0, 16, 0, 0}),
        PING(6, 0, 0, new byte[8]),
        PING_ACK(6, 1, 0, new byte[8]),
        EMPTY_DATA(0, 0, 1, new byte[0]),
        PADDED_DATA(0, 8, 1, new byte[] {3, 0, 0, 0}),
        UNKNOWN(0x20, 0, 0, new byte[3]);

        private final int type;
        private final int flags;
        private final int stream;
        private final byte[] payload;

        Flood(int type, int flags, int stream, byte[] payload) {
            this.type = type;
            this.flags = flags;
            this.stream = stream;
            this.payload = payload;
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFloodOfFramesIsCutOff(Flood flood) throws IOException {
        serve(LOAD, true);
        Caller caller = honest();
        ask(caller);
        RawHttp2 attacker = raw();
        attacker.begin(attacker.call("ModelInfer", Malformed.TOKEN), 1000);
        Eventually.await(() -> server.state().bytes() > 0);
        for (int i = 0; i < 10_000 && !attacker.ended(); i++) {
            attacker.frame(flood.type, flood.flags, flood.stream, flood.payload);
        }
        Eventually.await(attacker::ended);
        Eventually.await(() -> server.state().bytes() == 0);
        ask(caller);
    }

    @Test
    void aFloodOfResetsIsCutOff() throws IOException {
        serve(LOAD, true);
        Caller caller = honest();
        ask(caller);
        RawHttp2 attacker = raw();
        for (int i = 0; i < 10_000 && !attacker.ended(); i++) {
            int call = attacker.call("ModelInfer", Malformed.TOKEN);
            attacker.frame(3, 0, call, new byte[] {0, 0, 0, 8});
        }
        Eventually.await(attacker::ended);
        Eventually.await(() -> server.state().bytes() == 0);
        ask(caller);
    }

    /** What an honest client sends beside its calls, more of it than any known one does, and faster. */
    @Test
    void callsExplainFrames() throws IOException {
        serve(LOAD, true);
        RawHttp2 busy = raw();
        for (int i = 0; i < 1000; i++) {
            busy.call(i == 0 ? "ServerMetadata" : "ServerLive", Malformed.TOKEN, RawHttp2.END_STREAM);
            for (int k = 0; k < 3; k++) {
                busy.frame(8, 0, 0, new byte[] {0, 0, 0, 100});
            }
        }
        assertFalse(busy.ended());
        Caller many = honest();
        for (int i = 0; i < 300; i++) {
            ask(many);
        }
        Eventually.await(() -> ended.size() == 300);
        assertTrue(ended.stream().allMatch(e -> e.reason() == null), ended::toString);
    }
}
