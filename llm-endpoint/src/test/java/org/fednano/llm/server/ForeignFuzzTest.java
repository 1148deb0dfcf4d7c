package org.fednano.llm.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.Queue;
import java.util.Set;
import java.util.stream.Collectors;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.oip.proto.ModelInferResponse;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.Responses;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Servers in other languages, already listening on this machine, under malformed requests. They compute in FP32, take the
 * token {@link Malformed#TOKEN}, at most 100,000 bytes, and so many tokens that their model's positions end before.
 */
class ForeignFuzzTest {

    private static final int REQUESTS = Integer.getInteger("fednano.fuzz.requests", 4000);

    /**
     * What Triton does before it asks the model, in its own words or not at all: it calls INTERNAL what it cannot parse, lets
     * superfluous bytes and messages be, and has no token for questions.
     */
    private static final Set<String> TRITONS = Set.of(
            "a message cut off",
            "a text that is no UTF-8",
            "groups without end",
            "no message",
            "noise",
            "noise before a message",
            "noise behind a message",
            "noise to ModelReady",
            "noise to ModelMetadata",
            "noise to ServerMetadata",
            "two messages",
            "bytes of no tensor",
            "large: many empty bytes",
            "a question after another model",
            "no right token");

    /** Triton repeats these, and gRPC ends a connection on which headers get that long, with all calls on it. */
    private static final Set<String> CUT = Set.of("large: a long name", "large: a long shape");

    @Test
    @EnabledIfSystemProperty(named = "fednano.fuzz.port", matches = "\\d+")
    void aServerOfTheContractsOwn() throws Exception {
        check(Integer.getInteger("fednano.fuzz.port"), true, Set.of(), Set.of());
    }

    @Test
    @EnabledIfSystemProperty(named = "fednano.fuzz.triton_port", matches = "\\d+")
    void triton() throws Exception {
        check(Integer.getInteger("fednano.fuzz.triton_port"), false, TRITONS, CUT);
    }

    private static void check(int port, boolean inWords, Set<String> unjudged, Set<String> unsent)
            throws InterruptedException, InvalidProtocolBufferException {
        try (Caller caller = new Caller(port)) {
            byte[] question = Requests.info(Caller.MODEL, null).toByteArray();
            LlmInfo info = Responses.readInfo(ModelInferResponse.parseFrom(
                    caller.bytes(Malformed.SERVICE + "ModelInfer", question, Malformed.TOKEN)));
            Malformed.Target target = new Malformed.Target(
                    info.fingerprint(),
                    info.hidden(),
                    info.vocabulary(),
                    Integer.getInteger("fednano.fuzz.positions"),
                    info.limits().tokens(),
                    (int) info.limits().messageBytes());
            long seed = System.nanoTime();
            Queue<String> wrong = Fuzz.outside(caller, target, REQUESTS, seed, inWords, unjudged, unsent);
            assertTrue(
                    wrong.isEmpty(),
                    () -> wrong.size() + " wrong, seed " + seed + ": "
                            + wrong.stream().limit(40).collect(Collectors.joining("\n")));
        }
    }
}
