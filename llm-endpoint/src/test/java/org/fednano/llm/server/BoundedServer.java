package org.fednano.llm.server;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.wire.WireType;

/** A real server with a small real LLM in a JVM of its own, which has little memory. */
final class BoundedServer implements AutoCloseable {

    static final int MESSAGE = 4 << 20;
    static final int TOKENS = 200;
    static final long QUEUE = 48 << 20;

    private final Process process;
    private final int port;

    private BoundedServer(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts one with 256 MB of heap and 128 MB of direct memory. */
    static BoundedServer start() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1", // a compiler takes and gives back a hundred megabytes
                "-Xms256m", // touched at once, so that what grows later is what callers cause
                "-XX:+AlwaysPreTouch",
                "-XX:MaxDirectMemorySize=128m",
                "-XX:+ExitOnOutOfMemoryError",
                "-Dai.djl.offline=true",
                "-cp",
                System.getProperty("java.class.path"),
                BoundedServer.class.getName()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        StringBuilder line = new StringBuilder();
        InputStream out = process.getInputStream();
        for (int c = out.read(); c != '\n'; c = out.read()) {
            if (c < 0) {
                throw new IllegalStateException("The server did not start");
            }
            line.append((char) c);
        }
        return new BoundedServer(process, Integer.parseInt(line.toString()));
    }

    int port() {
        return port;
    }

    boolean lives() {
        return process.isAlive();
    }

    /** Bytes of the process in memory. */
    long resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    public static void main(String[] args) throws IOException {
        LlmServer.Options options = LlmServer.Options.on(
                        "127.0.0.1",
                        0,
                        Caller.MODEL,
                        WireType.FP32,
                        new LlmInfo.Limits(TOKENS, MESSAGE),
                        new LlmServer.Load(128, QUEUE, 2))
                .withTokens(BearerTokens.of(Malformed.TOKEN));
        try (EmbeddedLlm llm = TinyDecoder.llm(TinyDecoder.PLAIN);
                LlmServer server = LlmServer.start(options, Backend.of(llm))) {
            System.out.println(server.port());
            System.in.read(); // ends with the test
        }
    }
}
