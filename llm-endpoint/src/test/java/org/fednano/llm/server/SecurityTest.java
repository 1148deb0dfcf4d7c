package org.fednano.llm.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.server.CallListener.Ended;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.WireType;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.testing.TestCertificates;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in: TLS, mutual TLS and bearer tokens over real channels. */
@Tag("slow")
class SecurityTest {

    private static final String INFER = "inference.GRPCInferenceService/ModelInfer";

    @TempDir
    private static Path folder;

    private static TestCertificates ours;
    private static TestCertificates others;
    private static EmbeddedLlm llm;

    private final ConcurrentLinkedQueue<Ended> ended = new ConcurrentLinkedQueue<>();

    @BeforeAll
    static void make() {
        ours = new TestCertificates(folder, "ours").sign("server").sign("client");
        others = new TestCertificates(folder, "others").sign("client");
        llm = TinyDecoder.llm(TinyDecoder.PLAIN);
    }

    @AfterAll
    static void close() {
        llm.close();
    }

    private LlmServer.Options options() {
        return LlmServer.Options.on(
                        "127.0.0.1",
                        0,
                        Caller.MODEL,
                        WireType.FP32,
                        new LlmInfo.Limits(500, 1 << 20),
                        new LlmServer.Load(8, 1 << 22, 1))
                .withListener(ended::add);
    }

    private static Tls tls(Path clientCa) {
        return new Tls(ours.certificate("server"), ours.key("server"), clientCa);
    }

    @Test
    void tlsIsAnsweredToThoseWhoTrustIt() throws IOException {
        try (LlmServer server = LlmServer.start(options().withTls(tls(null)), Backend.of(llm))) {
            ask(server, trusting(ours).build());
            assertUnreachable(server, trusting(others).build());
            try (Caller plain = new Caller(server.port())) {
                assertEquals(Reason.NOT_READY, Caller.refused(plain::info).reason());
            }
        }
    }

    @Test
    void mutualTlsNeedsACertificateOfTheRightAuthority() throws IOException {
        try (LlmServer server = LlmServer.start(options().withTls(tls(ours.ca())), Backend.of(llm))) {
            ask(
                    server,
                    trusting(ours)
                            .keyManager(
                                    ours.certificate("client").toFile(),
                                    ours.key("client").toFile())
                            .build());
            assertUnreachable(server, trusting(ours).build());
            assertUnreachable(
                    server,
                    trusting(ours)
                            .keyManager(
                                    others.certificate("client").toFile(),
                                    others.key("client").toFile())
                            .build());
        }
    }

    /** A hello that breaks off, and none at all. */
    @Test
    void halfAHandshakeIsClosedAfterAWhile() throws IOException {
        LlmServer.Load brief = new LlmServer.Load(8, 1 << 22, 1).withConnections(50, Duration.ofMillis(500));
        byte[] hello = {22, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3, 7, 7, 7};
        try (LlmServer server = LlmServer.start(
                LlmServer.Options.on(
                                "127.0.0.1", 0, Caller.MODEL, WireType.FP32, new LlmInfo.Limits(500, 1 << 20), brief)
                        .withTls(tls(null)),
                Backend.of(llm))) {
            for (int length : new int[] {0, 1, 6, hello.length}) {
                try (Socket half = new Socket("localhost", server.port())) {
                    half.setSoTimeout(60_000);
                    half.getOutputStream().write(hello, 0, length);
                    while (half.getInputStream().read() >= 0) {
                        // what TLS says
                    }
                }
            }
            ask(server, trusting(ours).build());
        }
    }

    @Test
    void onlyKnownTokensAreLetIn() throws IOException {
        Path file = Files.writeString(folder.resolve("tokens"), "first-token\n\n  second-token \n");
        try (LlmServer server = LlmServer.start(options().withTokens(BearerTokens.read(file)), Backend.of(llm));
                Caller caller = new Caller(server.port())) {
            byte[] info = Requests.info(Caller.MODEL, null).toByteArray();
            caller.bytes(INFER, info, "first-token");
            caller.bytes(INFER, info, "second-token");
            for (String wrong : new String[] {"first-toke", "first-token2", "FIRST-TOKEN", "", null}) {
                LlmException refused = Caller.refused(() -> caller.bytes(INFER, info, wrong));
                assertEquals(Reason.AUTH, refused.reason());
                assertFalse(refused.getMessage().contains("first"), refused.getMessage());
            }
            for (String method : new String[] {"ModelReady", "ModelMetadata", "ServerMetadata"}) {
                assertEquals(
                        Reason.AUTH,
                        Caller.refused(() ->
                                        caller.bytes("inference.GRPCInferenceService/" + method, new byte[0], "wrong"))
                                .reason());
            }
            // Who only asks whether it lives needs none.
            caller.bytes("inference.GRPCInferenceService/ServerLive", new byte[0], null);
            caller.bytes("inference.GRPCInferenceService/ServerReady", new byte[0], null);
        }
        assertTrue(ended.stream()
                .map(e -> FailureLog.line(
                        new Ended(e.op(), e.outcome(), Reason.AUTH, e.message(), e.shapes(), 0, 0, 0, 0, 0, 0, 0),
                        java.time.Instant.EPOCH))
                .noneMatch(line -> line.contains("-token")));
        assertEquals("2 bearer tokens", BearerTokens.read(file).toString());
    }

    /** What is refused is never read; it must not stay in the connection's window either, or the connection stands still. */
    @Test
    void manyLargeRequestsWithAWrongTokenDoNotBlockTheConnection() {
        try (LlmServer server = LlmServer.start(options().withTokens(BearerTokens.of("right")), Backend.of(llm));
                Caller caller = new Caller(server.port())) {
            byte[] large = new byte[1 << 20];
            for (int i = 0; i < 100; i++) { // more than the window of 64 MiB
                assertEquals(
                        Reason.AUTH,
                        Caller.refused(() -> caller.bytes(INFER, large, "wrong"))
                                .reason());
            }
            caller.bytes(INFER, Requests.info(Caller.MODEL, null).toByteArray(), "right");
        }
    }

    @Test
    void badFilesAreToldAsUsage() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty"), "\n \n");
        Path spaced = Files.writeString(folder.resolve("spaced"), "one two\n");
        assertUsage("must hold a bearer token", () -> BearerTokens.read(empty));
        assertUsage("Token 1 of", () -> BearerTokens.read(spaced));
        assertUsage("Token file expected at", () -> BearerTokens.read(folder.resolve("missing")));
        Path missing = folder.resolve("missing.pem");
        assertUsage(
                "private key expected at",
                () -> LlmServer.check(options().withTls(new Tls(ours.certificate("server"), missing, null))));
        assertUsage(
                "client authority expected at",
                () -> LlmServer.check(
                        options().withTls(new Tls(ours.certificate("server"), ours.key("server"), missing))));
        assertUsage(
                "TLS cannot be set up",
                () -> LlmServer.check(options().withTls(new Tls(ours.certificate("server"), spaced, null))));
        assertUsage(
                "TLS cannot be set up",
                () -> LlmServer.check(
                        options().withTls(new Tls(ours.certificate("server"), ours.key("client"), null))));
    }

    private static void assertUsage(String part, Runnable action) {
        JobException usage = assertThrows(JobException.class, action::run);
        assertEquals(ExitStatus.USAGE, usage.status());
        assertTrue(usage.getMessage().contains(part), usage.getMessage());
        assertFalse(usage.getMessage().contains("one two"), "no token in a message");
    }

    private static TlsChannelCredentials.Builder trusting(TestCertificates keys) throws IOException {
        return TlsChannelCredentials.newBuilder().trustManager(keys.ca().toFile());
    }

    private static void ask(LlmServer server, ChannelCredentials credentials) {
        try (Caller caller = new Caller(server.port(), credentials)) {
            assertEquals("none", caller.info().fingerprint());
        }
    }

    /** A refused handshake has no reason of the contract: it is a server that cannot be reached. */
    private static void assertUnreachable(LlmServer server, ChannelCredentials credentials) {
        try (Caller caller = new Caller(server.port(), credentials)) {
            LlmException refused = Caller.refused(caller::info);
            assertEquals(Reason.NOT_READY, refused.reason());
            assertTrue(refused.getMessage().startsWith("(UNAVAILABLE)"), refused.getMessage());
        }
    }
}
