package org.fednano.llm.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.check.Row.Verdict;
import org.fednano.llm.client.FakeLlm;
import org.fednano.llm.client.FakeOipServer;
import org.fednano.llm.client.OipOptions;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.server.Backend;
import org.fednano.llm.server.LlmServer;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.WireType;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.weights.TensorSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A sound server passes every check; one with a known fault fails in the row that is about it. */
@Tag("slow")
class EndpointCheckTest {

    private static final LlmInfo.Limits LIMITS = new LlmInfo.Limits(4096, 16 << 20);

    private static EmbeddedLlm llm;

    @BeforeAll
    static void open() {
        llm = new EmbeddedLlm(
                "tiny",
                "0123456789abcdef".repeat(4),
                TinyDecoder.PLAIN,
                TensorSource.of(TinyDecoder.weights(TinyDecoder.PLAIN, 1)));
    }

    @AfterAll
    static void close() {
        llm.close();
    }

    /** This project's own server, with a token, in each type. */
    @ParameterizedTest
    @EnumSource(WireType.class)
    void aSoundServerPasses(WireType type) {
        LlmServer.Options options = LlmServer.Options.on(
                        "127.0.0.1", 0, "frozen_llm", type, LIMITS, new LlmServer.Load(16, 64 << 20, 2))
                .withTokens("right"::equals)
                .withFeatures(new FeatureStore.Limits(1 << 20, 0, null, Duration.ofHours(1)));
        try (LlmServer server = LlmServer.start(options, Backend.of(llm))) {
            Report report = EndpointCheck.run(
                    OipOptions.to("grpc://127.0.0.1:" + server.port()).withToken("right"), Duration.ofMillis(50));
            assertEquals(
                    List.of(),
                    report.rows().stream()
                            .filter(row -> row.verdict() != Verdict.PASS)
                            .filter(row -> !row.note().contains("max_position_embeddings")) // 64 here
                            .toList(),
                    report.table());
            assertTrue(report.passed());
            assertEquals(
                    18,
                    report.rows().stream()
                            .filter(row -> row.name().startsWith("version 2"))
                            .count());
        }
    }

    @Test
    void aFlippedSignIsCaught() {
        assertCaught(wrong(l -> l.gradient = FakeLlm::negated), "gradient: finite differences", "hand-shake");
    }

    @Test
    void anIgnoredScaleIsCaught() {
        assertCaught(wrong(l -> l.scale = scale -> 1f), "grad_scale: multiplies the gradient", "hand-shake");
    }

    @Test
    void anIgnoredMaskIsCaught() {
        assertCaught(
                wrong(l -> l.prompts = FakeLlm::unmasked),
                "mask: a shorter one is a shorter prompt",
                "padding: more of it changes no loss",
                "hand-shake");
    }

    @Test
    void paddingThatLeaksIsCaught() {
        assertCaught(
                wrong(l -> l.prompts = FakeLlm::leaking),
                "mask: what stands on padding changes no loss",
                "padding: more of it changes no loss",
                "batch: a sample's loss is its own");
    }

    /** A gradient that is a third too small: outside what rounding explains. */
    @Test
    void aScaledGradientIsCaught() {
        assertCaught(
                wrong(l -> l.gradient = result -> {
                    float[] gradient = result.gradient().clone();
                    for (int i = 0; i < gradient.length; i++) {
                        gradient[i] *= 0.7f;
                    }
                    return new org.fednano.algorithm.LossGradient.Result(
                            result.loss(), result.answerTokens(), gradient);
                }),
                "gradient: finite differences");
    }

    /** A masked product gives it: it is zero. */
    @Test
    void aSignedZeroIsZero() {
        FakeLlm signed = wrong(l -> l.rows = rows -> {
            float[] found = rows.clone();
            for (int i = 0; i < found.length; i++) {
                found[i] = found[i] == 0 ? -0f : found[i];
            }
            return found;
        });
        try (FakeOipServer server = new FakeOipServer(signed, WireType.FP32)) {
            server.info = FakeOipServer.with(llm.info(), llm.info().fingerprint(), LIMITS);
            Report report = EndpointCheck.run(OipOptions.to(server.address()), Duration.ZERO);
            assertEquals(
                    Verdict.PASS,
                    report.rows().stream()
                            .filter(row -> row.name().equals("embed"))
                            .findFirst()
                            .orElseThrow()
                            .verdict(),
                    report.table());
        }
    }

    private static FakeLlm wrong(Consumer<FakeLlm> fault) {
        FakeLlm wrong = new FakeLlm(llm);
        fault.accept(wrong);
        return wrong;
    }

    /** On half types too: the limits must not be so wide that everything passes. */
    private static void assertCaught(FakeLlm wrong, String... rows) {
        for (WireType type : WireType.values()) {
            assertCaught(type, wrong, rows);
        }
    }

    private static void assertCaught(WireType type, FakeLlm wrong, String... rows) {
        try (FakeOipServer server = new FakeOipServer(wrong, type)) {
            server.info = FakeOipServer.with(llm.info(), llm.info().fingerprint(), LIMITS);
            Report report = EndpointCheck.run(OipOptions.to(server.address()), Duration.ZERO);
            Set<String> failed = new TreeSet<>();
            report.rows().stream().filter(row -> row.verdict() == Verdict.FAIL).forEach(row -> failed.add(row.name()));
            assertTrue(failed.containsAll(List.of(rows)), report.table());
            assertFalse(report.passed());
        }
    }

    @Test
    void wrongMetadataStopsTheQuestions() {
        try (FakeOipServer server = new FakeOipServer(llm, WireType.FP32)) {
            server.datatype = "BF16";
            server.info = FakeOipServer.with(llm.info(), "short", LIMITS);
            Report report = EndpointCheck.run(OipOptions.to(server.address()), Duration.ZERO);
            assertFalse(report.passed());
            assertTrue(report.table().contains("the fingerprint has 5 characters"), report.table());
        }
    }

    @Test
    void nobodyThere() {
        FakeOipServer server = new FakeOipServer(llm, WireType.FP32);
        server.close();
        JobException e = assertThrows(
                JobException.class, () -> EndpointCheck.run(OipOptions.to(server.address()), Duration.ZERO));
        assertEquals(ExitStatus.ENDPOINT_UNAVAILABLE, e.status());
    }
}
