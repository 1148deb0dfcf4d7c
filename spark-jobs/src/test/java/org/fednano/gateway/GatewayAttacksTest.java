package org.fednano.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.fednano.algorithm.Wire;
import org.fednano.llm.LlmCall;
import org.fednano.llm.Reason;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.GrpcStatuses;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.Responses;
import org.fednano.llm.wire.StoreCall;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.Features;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client of the cohort with a good pass of its own, which tries to be more than that. */
class GatewayAttacksTest {

    private static final FeatureStore.Limits FEATURES = new FeatureStore.Limits(1 << 20, 0, null, Duration.ofHours(1));
    private static final ModelInferRequest INFO = Requests.info(GatewayServer.MODEL, null);
    private static final ModelInferRequest EMBED =
            Requests.of(GatewayServer.MODEL, "f", new LlmCall.Embed(new int[] {1, 2, 3}), WireType.FP32);
    private static final Traffic EMBEDDED = new Traffic(12, 0, 0, 0, 12L * FakeSlowLlm.HIDDEN, 0, 0, 0);

    private final FakeSlowLlm llm = new FakeSlowLlm();
    private Gateway gateway;
    private ManagedChannel channel;

    @BeforeEach
    void open() {
        open(Duration.ofMinutes(5));
    }

    private void open(Duration deadline) {
        close();
        gateway = new Gateway(llm, new GatewayOptions(deadline, 1 << 20, 1, false, 1, Duration.ZERO));
        gateway.listen(new GatewayNetwork("127.0.0.1", 0, "localhost", null, null, null, 1 << 16, FEATURES));
        channel = NettyChannelBuilder.forAddress("localhost", ((GatewayAddress.Network) gateway.address()).port())
                .usePlaintext()
                .build();
        gateway.begin(Purpose.TRAIN, 1, ConcurrentCallers.COHORT);
    }

    @AfterEach
    void close() {
        if (gateway != null) {
            channel.shutdownNow();
            gateway.close();
        }
    }

    /** Null: it was answered. */
    private Reason reason(Metadata headers, ModelInferRequest request) {
        try {
            PlainCall.infer(channel, headers, request);
            return null;
        } catch (StatusRuntimeException e) {
            return GrpcStatuses.read(e).reason();
        }
    }

    private Reason reason(GatewayPass as, String token) {
        return reason(PlainCall.headers(GatewayHeaders.of(as), token), INFO);
    }

    /** Every token under every name, but its own. */
    @Test
    void aReplayedTokenOpensNothing() {
        List<GatewayPass> passes = new ArrayList<>();
        for (Purpose purpose : List.of(Purpose.TRAIN, Purpose.EVALUATE)) {
            for (int round = 1; round < 4; round++) {
                gateway.begin(purpose, round, ConcurrentCallers.COHORT);
                for (String client : List.of("a", "b", "c1")) {
                    for (int attempt = 0; attempt < 2; attempt++) {
                        passes.add(gateway.pass(purpose, round, client).of(attempt));
                    }
                }
            }
        }
        for (GatewayPass as : passes) {
            for (GatewayPass stolen : passes) {
                if (as != stolen) {
                    assertEquals(Reason.AUTH, reason(as, stolen.token()), () -> stolen + " as " + as);
                }
            }
        }
        for (Purpose purpose : List.of(Purpose.TRAIN, Purpose.EVALUATE)) {
            for (int round = 1; round < 4; round++) {
                assertEquals(Map.of(), gateway.started(purpose, round), "nobody was let in");
            }
        }
        GatewayPass own = passes.get(0);
        assertEquals(null, reason(own, own.token()));
        gateway.end(Purpose.TRAIN, 1);
        assertEquals(Reason.ROUND_CLOSED, reason(own, own.token()));
    }

    @Test
    void thousandsOfSessionsAreSixtyFourOfOneClient() {
        GatewayPass own = gateway.pass(Purpose.TRAIN, 1, "a");
        Map<Reason, Integer> reasons = new EnumMap<>(Reason.class);
        int answered = 0;
        for (int attempt = -500; attempt < 2000; attempt++) {
            Reason reason = reason(own.of(attempt), own.of(attempt).token());
            if (reason == null) {
                answered++;
            } else {
                reasons.merge(reason, 1, Integer::sum);
            }
            String stranger = "made up " + attempt;
            GatewayPass invented = GatewayPass.of(own.key(), Purpose.TRAIN, 1, stranger);
            assertEquals(Reason.AUTH, reason(invented, invented.token()));
            // Even with the run's own key he would have to be of the cohort.
            GatewayPass real = gateway.pass(Purpose.TRAIN, 1, stranger);
            assertEquals(Reason.AUTH, reason(real, real.token()));
        }
        assertEquals(64, answered);
        assertEquals(Map.of(Reason.BAD_REQUEST, 2500 - 64), reasons);
        assertEquals(Set.of("a"), gateway.started(Purpose.TRAIN, 1).keySet());
    }

    /** However many sessions a client opens: its time is one. */
    @Test
    void moreSessionsAreNoMoreTime() throws InterruptedException {
        open(Duration.ofMillis(600));
        GatewayPass own = gateway.pass(Purpose.TRAIN, 1, "a");
        assertEquals(null, reason(own, own.token()));
        Thread.sleep(700);
        for (int attempt = 0; attempt < 64; attempt++) {
            assertEquals(
                    Reason.ROUND_CLOSED, reason(own.of(attempt), own.of(attempt).token()));
        }
    }

    @Test
    void nobodyIsChargedForAnothersCalls() {
        GatewayPass a = gateway.pass(Purpose.TRAIN, 1, "a");
        GatewayPass b = gateway.pass(Purpose.TRAIN, 1, "b");
        Metadata asB = PlainCall.headers(GatewayHeaders.of(b), b.token());
        assertEquals(null, reason(asB, EMBED));
        for (int i = 0; i < 100; i++) {
            assertEquals(Reason.AUTH, reason(PlainCall.headers(GatewayHeaders.of(b), a.token()), EMBED));
        }
        // Who names two clients is the one whose token it is, or nobody.
        Metadata two = PlainCall.headers(GatewayHeaders.of(b), a.token());
        two.merge(PlainCall.headers(GatewayHeaders.of(a), a.token()));
        Metadata turned = PlainCall.headers(GatewayHeaders.of(a), a.token());
        turned.merge(PlainCall.headers(GatewayHeaders.of(b), a.token()));
        assertEquals(null, reason(two, EMBED));
        assertEquals(Reason.AUTH, reason(turned, EMBED));
        Map<String, Traffic> traffic = gateway.end(Purpose.TRAIN, 1);
        assertEquals(Set.of("a", "b"), traffic.keySet());
        assertEquals(EMBEDDED, traffic.get("a").in(0, 0));
        assertEquals(EMBEDDED, traffic.get("b").in(0, 0));
    }

    /** All tasks know the run's secret for features: it opens each client its own. */
    @Test
    void featuresOfAnotherClientAreNotThere() {
        llm.wire = Wire.CODES;
        open(Duration.ofMinutes(5));
        String run = "a-secret-that-all-tasks-know";
        Features features = Features.of(new float[2 * FakeSlowLlm.HIDDEN], new byte[2], FakeSlowLlm.HIDDEN);
        assertTrue(held("a", new StoreCall.Put(run, List.of(features))));
        StoreCall have = new StoreCall.Have(run, List.of(features.id()));
        assertFalse(held("b", have));
        GatewayPass b = gateway.pass(Purpose.TRAIN, 1, "b");
        PlainCall.infer(
                channel,
                PlainCall.headers(GatewayHeaders.of(b), b.token()),
                Requests.store(GatewayServer.MODEL, "f", new StoreCall.Drop(run)));
        assertTrue(held("a", have));
    }

    private boolean held(String client, StoreCall call) {
        GatewayPass as = gateway.pass(Purpose.TRAIN, 1, client);
        return Responses.readHeld(
                PlainCall.infer(
                        channel,
                        PlainCall.headers(GatewayHeaders.of(as), as.token()),
                        Requests.store(GatewayServer.MODEL, "f", call)),
                "f",
                1)[0];
    }
}
