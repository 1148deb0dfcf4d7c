package org.fednano.llm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.client.FakeLlm;
import org.fednano.llm.client.FakeOipServer;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.wire.WireType;
import org.fednano.settings.Commands;
import org.fednano.weights.TensorSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckCommandTest {

    private static final String SECRET = "s3cret-0123456789";

    private static EmbeddedLlm llm;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

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

    private int check(String... args) {
        String[] all = new String[args.length + 2];
        all[0] = "endpoint";
        all[1] = "check";
        System.arraycopy(args, 0, all, 2, args.length);
        return Commands.run(new EndpointMain(), new PrintWriter(out), new PrintWriter(err), all);
    }

    private static FakeOipServer serve(FakeLlm served) {
        FakeOipServer server = new FakeOipServer(served, WireType.FP32);
        server.info = FakeOipServer.with(llm.info(), llm.info().fingerprint(), new LlmInfo.Limits(4096, 16 << 20));
        return server;
    }

    @Test
    void statusAndTable() throws Exception {
        FakeLlm served = new FakeLlm(llm);
        Path token = Files.writeString(folder.resolve("token"), SECRET + "\n");
        try (FakeOipServer server = serve(served)) {
            server.token = SECRET;
            served.gradient = FakeLlm::negated;
            assertEquals(1, check(server.address(), "--token-file", token.toString(), "--seconds", "0"), err::toString);
            assertTrue(
                    out.toString().matches("(?s).*gradient: finite differences +fail +(200|199|201)[.0-9]* %.*"),
                    out::toString);
            assertFalse(out.toString().contains(SECRET));
        }
        assertFalse(err.toString().contains(SECRET));
    }

    @Test
    void json() throws Exception {
        FakeLlm served = new FakeLlm(llm);
        try (FakeOipServer server = serve(served)) {
            check(server.address(), "--json", "--seconds", "0");
            JsonNode json = JsonMapper.builder().build().readTree(out.toString());
            assertEquals(server.address(), json.path("address").asText());
            assertTrue(json.path("checks").size() > 30, out::toString);
            assertEquals("live", json.path("checks").path(0).path("name").asText());
        }
    }

    @Test
    void theOtherStatuses() {
        assertEquals(5, check("grpc://127.0.0.1:1"), err::toString);
        assertTrue(err.toString().contains("grpc://127.0.0.1:1"), err::toString);
        assertEquals(2, check("http://127.0.0.1:1"));
        assertEquals(2, check());
        assertEquals(2, check("grpc://127.0.0.1:1", "--seconds", "-1"));
        assertEquals(
                2,
                check(
                        "grpc://127.0.0.1:1",
                        "--token-file",
                        folder.resolve("none").toString()));
        assertEquals(2, check("grpc://user:" + SECRET + "@127.0.0.1:1"));
        assertFalse(err.toString().contains(SECRET));
        assertEquals(0, check("--help"));
        assertTrue(out.toString().contains("Examples:"));
    }
}
