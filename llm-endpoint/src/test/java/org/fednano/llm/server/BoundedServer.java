package org.fednano.llm.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.WireType;

/** A real server with a small real LLM in a JVM of its own, which has little memory. */
final class BoundedServer implements AutoCloseable {

    static final int MESSAGE = 4 << 20;
    static final int TOKENS = 200;
    static final long QUEUE = 48 << 20;

    private static final String ANSWER = "bounded: ";

    static final FeatureStore.Limits FEATURES = new FeatureStore.Limits(64 << 10, 128 << 10, null, Duration.ofHours(1));

    /**
     * What it holds.
     *
     * @param resident bytes of the process in memory
     * @param direct bytes of buffers outside of the heap, those that are kept for the next message too
     * @param heap bytes in use after a collection
     * @param requests bytes of requests, as the server counts them itself
     * @param features bytes of features, in memory and on disk
     */
    record Figures(long resident, long direct, long heap, long requests, long features) {

        /** Of each the larger. */
        Figures most(Figures other) {
            return new Figures(
                    Math.max(resident, other.resident),
                    Math.max(direct, other.direct),
                    Math.max(heap, other.heap),
                    Math.max(requests, other.requests),
                    Math.max(features, other.features));
        }

        /** What is more than before, in MB. */
        double[] grown(Figures before) {
            return new double[] {
                (resident - before.resident) / 1e6, (direct - before.direct) / 1e6, (heap - before.heap) / 1e6
            };
        }
    }

    private final Process process;
    private final BufferedReader out;
    private final int port;

    private BoundedServer(Process process) throws IOException {
        this.process = process;
        out = process.inputReader();
        port = Integer.parseInt(answer());
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
        return new BoundedServer(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    /** Its next answer; what it logs between is shown. */
    private String answer() throws IOException {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith(ANSWER)) {
                return line.substring(ANSWER.length());
            }
            System.err.println(line);
        }
        throw new IllegalStateException("The server has ended");
    }

    int port() {
        return port;
    }

    boolean lives() {
        return process.isAlive();
    }

    /** What it holds now. */
    Figures figures() throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        long[] told =
                Arrays.stream(answer().split(" ")).mapToLong(Long::parseLong).toArray();
        long resident = Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElseThrow();
        return new Figures(resident, told[0], told[1], told[2], told[3]);
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
                .withTokens(BearerTokens.of(Malformed.TOKEN))
                .withFeatures(FEATURES);
        try (EmbeddedLlm llm = TinyDecoder.llm(TinyDecoder.PLAIN);
                LlmServer server = LlmServer.start(options, Backend.of(llm))) {
            System.out.println(ANSWER + server.port());
            while (System.in.read() >= 0) { // ends with the test
                System.gc();
                FeatureStore.Figures features = server.features();
                System.out.println(ANSWER + direct() + " "
                        + ManagementFactory.getMemoryMXBean()
                                .getHeapMemoryUsage()
                                .getUsed() + " "
                        + server.state().bytes() + " " + (features.memory() + features.disk()));
            }
        }
    }

    private static long direct() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
