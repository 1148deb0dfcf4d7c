package org.fednano.llm.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.client.OipOptions.Tls;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.server.Backend;
import org.fednano.llm.server.LlmServer;
import org.fednano.llm.wire.WireType;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.testing.TestCertificates;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Certificates, as the client sees them: what is not accepted is told at once, not after two minutes of retries. */
@Tag("slow")
@Timeout(60)
class OipTlsTest {

    @TempDir
    private static Path folder;

    private static TestCertificates ours;
    private static TestCertificates others;
    private static EmbeddedLlm llm;
    private final FakeClock waiting = new FakeClock();

    @BeforeAll
    static void make() {
        ours = new TestCertificates(folder, "ours").sign("server").sign("client");
        ours.sign("late", -40, 30).sign("early", 5, 30);
        others = new TestCertificates(folder, "others").sign("client");
        llm = TinyDecoder.llm(TinyDecoder.PLAIN);
    }

    @AfterAll
    static void close() {
        llm.close();
    }

    private static LlmServer serve(Path clientCa) {
        return serve("server", clientCa);
    }

    private static LlmServer serve(String who, Path clientCa) {
        LlmServer.Options options = LlmServer.Options.on(
                "127.0.0.1",
                0,
                "frozen_llm",
                WireType.FP32,
                new LlmInfo.Limits(4096, 16 << 20),
                new LlmServer.Load(8, 16 << 20, 1));
        return LlmServer.start(
                options.withTls(new org.fednano.llm.server.Tls(ours.certificate(who), ours.key(who), clientCa)),
                Backend.of(llm));
    }

    private void ask(String address, Tls tls) {
        try (OipLlm client = OipLlm.connect(OipOptions.to(address).withTls(tls), waiting)) {
            assertEquals(llm.info().fingerprint(), client.info().fingerprint());
        }
    }

    private void assertRefused(String address, Tls tls) {
        JobException e = assertThrows(JobException.class, () -> ask(address, tls));
        assertEquals(ExitStatus.USAGE, e.status(), e.getMessage());
        assertTrue(e.getMessage().contains(address), e.getMessage());
        assertEquals(0, waiting.seconds.size(), e.getMessage());
    }

    @Test
    void ownAuthority() {
        try (LlmServer server = serve(null)) {
            String address = "grpcs://127.0.0.1:" + server.port();
            ask(address, Tls.read(ours.ca(), null, null));
            ask("grpcs://localhost:" + server.port(), Tls.read(ours.ca(), null, null));
            assertRefused(address, Tls.read(others.ca(), null, null));
            assertRefused(address, Tls.DEFAULT);
        }
    }

    @Test
    void mutual() {
        try (LlmServer server = serve(ours.ca())) {
            String address = "grpcs://127.0.0.1:" + server.port();
            ask(address, Tls.read(ours.ca(), ours.certificate("client"), ours.key("client")));
            assertRefused(address, Tls.read(ours.ca(), null, null));
            assertRefused(address, Tls.read(ours.ca(), others.certificate("client"), others.key("client")));
        }
    }

    /** Signed by the right authority, and of no use all the same. */
    @Test
    void whatHasExpiredOrIsNotYetValidIsRefusedOnBothSides() {
        try (LlmServer server = serve(ours.ca())) {
            String address = "grpcs://127.0.0.1:" + server.port();
            for (String wrong : new String[] {"late", "early"}) {
                assertRefused(address, Tls.read(ours.ca(), ours.certificate(wrong), ours.key(wrong)));
            }
            ask(address, Tls.read(ours.ca(), ours.certificate("client"), ours.key("client")));
        }
        for (String wrong : new String[] {"late", "early"}) {
            try (LlmServer server = serve(wrong, null)) {
                assertRefused("grpcs://127.0.0.1:" + server.port(), Tls.read(ours.ca(), null, null));
            }
        }
    }

    @Test
    void tlsTowardsAPlainServer() {
        try (FakeOipServer plain = new FakeOipServer(llm, WireType.FP32)) {
            assertRefused(plain.address().replace("grpc:", "grpcs:"), Tls.read(ours.ca(), null, null));
        }
    }

    @Test
    void filesThatAreNone() throws Exception {
        Path none = folder.resolve("none.pem");
        Path text = Files.writeString(folder.resolve("text.pem"), "hello");
        for (Path wrong : new Path[] {none, text}) {
            JobException e =
                    assertThrows(JobException.class, () -> ask("grpcs://127.0.0.1:1", Tls.read(wrong, null, null)));
            assertEquals(ExitStatus.USAGE, e.status());
            assertTrue(e.getMessage().contains(wrong.toString()), e.getMessage());
        }
        assertThrows(JobException.class, () -> Tls.read(null, ours.certificate("client"), null));
    }
}
