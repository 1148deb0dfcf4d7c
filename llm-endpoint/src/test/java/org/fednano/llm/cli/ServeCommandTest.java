package org.fednano.llm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.PromptLoss;
import org.fednano.llm.Reason;
import org.fednano.llm.server.Caller;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.StoreCall;
import org.fednano.sample.Features;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.Commands;
import org.fednano.testing.TestCertificates;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code fednano endpoint serve}: its errors, and the real process with the stand-in model. */
class ServeCommandTest {

    private static final String MODEL = "model.dir=../conf/models/nano-llava";

    @TempDir
    private Path folder;

    @Test
    void aDryRunSaysWhatWouldBeServed() throws IOException {
        Path tokens = Files.writeString(folder.resolve("tokens"), "hush-hush\n");
        Said said = run("--dry-run", "--set", MODEL, "--set", "endpoint.token_file=" + tokens);
        assertEquals(0, said.status, said.err);
        assertTrue(said.out.contains("bearer token needed"), said.out);
        assertTrue(said.out.contains("TLS off"), said.out);
        assertTrue(said.out.contains("8192 tokens"), said.out);
        assertFalse((said.out + said.err).contains("hush"), "a token is never printed");
    }

    @Test
    void whoIsOpenToTheNetworkIsWarned() {
        Said open = run("--dry-run", "--set", MODEL, "--set", "endpoint.host=0.0.0.0");
        assertTrue(open.err.contains("anyone who reaches 0.0.0.0 can use this endpoint"), open.err);
        assertTrue(open.err.contains("cross the network in clear"), open.err);
        assertEquals("", run("--dry-run", "--set", MODEL).err);
    }

    @Test
    void mistakesAreToldBeforeTheModelIsLoaded() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty"));
        assertSays(2, "must hold a bearer token", "endpoint.token_file=" + empty);
        assertSays(2, "needs both endpoint.tls.certificate and", "endpoint.tls.key=" + empty);
        assertSays(2, "which needs TLS", "endpoint.tls.client_ca=" + empty);
        assertSays(
                2,
                "certificate chain expected at",
                "endpoint.tls.key=" + empty,
                "endpoint.tls.certificate=" + folder.resolve("no.pem"));
        assertSays(2, "1 byte to 1 GiB", "endpoint.max_message=2GiB");
        assertSays(
                3,
                "Model folder expected at",
                "model.dir=" + folder.resolve("none"),
                "endpoint.port=0",
                "endpoint.metrics_port=0");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Said said = run(
                    "--set",
                    MODEL,
                    "--set",
                    "endpoint.metrics_port=-1",
                    "--set",
                    "endpoint.port=" + taken.getLocalPort());
            assertEquals(2, said.status, said.err);
            assertTrue(said.err.contains("Cannot listen on 127.0.0.1:" + taken.getLocalPort()), said.err);
        }
        StringWriter err = new StringWriter();
        assertEquals(2, Commands.run(new EndpointMain(), new PrintWriter(err), new PrintWriter(err), "endpoint"));
        assertTrue(err.toString().contains("serve"), err.toString());
    }

    /** Its memory holds no features, so that they are on disk at once; another process's must stay. */
    @Test
    @Tag("slow")
    void featuresOfAKilledProcessAreRemovedAtTheNextStart() throws Exception {
        Path features = Files.createDirectory(folder.resolve("features"));
        String[] store = {
            "--set", "endpoint.features_dir=" + features,
            "--set", "endpoint.features_memory=1b",
            "--set", "endpoint.features_disk=1MiB"
        };
        try (Server killed = new Server(store)) {
            Path left = features.resolve(filesOf(features).get(0));
            putFeatures(killed.port);
            try (Server living = new Server(store)) {
                putFeatures(living.port);
                killed.process.destroyForcibly().waitFor(); // SIGKILL
                assertEquals(List.of("0", "lock"), filesOf(left));
                assertEquals(2, filesOf(features).size());
                try (Server next = new Server(store)) {
                    assertFalse(Files.exists(left));
                    assertEquals(2, filesOf(features).size());
                    putFeatures(next.port);
                    for (String one : filesOf(features)) {
                        assertEquals(List.of("0", "lock"), filesOf(features.resolve(one)));
                    }
                }
            }
        }
    }

    private static void putFeatures(int port) {
        try (Caller caller = new Caller(port)) {
            LlmInfo info = caller.info();
            Features some = Features.of(new float[2 * info.hidden()], new byte[2], info.hidden());
            StoreCall put = new StoreCall.Put("the-secret-of-a-run", List.of(some));
            caller.infer(Requests.store(Caller.MODEL, info.fingerprint(), put), CallOptions.DEFAULT);
        }
    }

    private static List<String> filesOf(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    @Tag("slow")
    void onSigtermItFinishesWhatItHasAndLeavesWithZero() throws Exception {
        try (Server server = new Server("--set", "endpoint.drain=60s");
                Caller caller = new Caller(server.port)) {
            LlmInfo info = caller.info();
            assertEquals(
                    Reason.TOKEN_RANGE,
                    assertThrows(LlmException.class, () -> caller.ask(new LlmCall.Embed(new int[] {-7}), info))
                            .reason());
            LlmCall<Result> call = someSecondsOfWork(info);
            ExecutorService callers = Executors.newFixedThreadPool(4);
            List<Future<Result>> answers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                answers.add(callers.submit(() -> caller.ask(call, info)));
            }
            server.awaitHeld(4);
            server.process.destroy(); // SIGTERM
            LlmException refused = null;
            for (int i = 0; refused == null && i < 1000; i++) {
                try {
                    caller.info();
                    Thread.sleep(2);
                } catch (LlmException e) {
                    refused = e;
                }
            }
            assertEquals(Reason.NOT_READY, refused.reason());
            assertTrue(refused.getMessage().contains("shutting down"), refused.getMessage());
            for (Future<Result> answer : answers) {
                assertEquals(8, answer.get(120, TimeUnit.SECONDS).loss().length);
            }
            callers.shutdown();
            assertTrue(server.process.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, server.process.exitValue());
            // Failures are logged before the signal and after it, one line of JSON each.
            List<String> failures = Files.readAllLines(folder.resolve("stderr")).stream()
                    .filter(line -> line.startsWith("{\"time\":"))
                    .toList();
            assertTrue(failures.get(0).contains("\"reason\":\"TOKEN_RANGE\""), failures.get(0));
            assertTrue(failures.get(1).contains("\"reason\":\"NOT_READY\""), failures.get(1));
        }
    }

    @Test
    @Tag("slow")
    void aCallThatOutlastsTheDrainIsCutOffCleanly() throws Exception {
        try (Server server = new Server("--set", "endpoint.drain=100ms");
                Caller caller = new Caller(server.port)) {
            LlmInfo info = caller.info();
            ExecutorService callers = Executors.newFixedThreadPool(4);
            List<Future<Result>> answers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                answers.add(callers.submit(() -> caller.ask(someSecondsOfWork(info), info)));
            }
            server.awaitHeld(4);
            server.process.destroy(); // SIGTERM
            assertTrue(server.process.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, server.process.exitValue(), () -> server.said());
            callers.shutdown();
            assertTrue(callers.awaitTermination(60, TimeUnit.SECONDS));
            ExecutionException cut =
                    assertThrows(ExecutionException.class, () -> answers.get(3).get());
            // Another try may find another server: as if this one had never been asked.
            assertEquals(Reason.NOT_READY, ((LlmException) cut.getCause()).reason());
        }
    }

    @Test
    @Tag("slow")
    void certificatesThatExpireAreWarnedOfAtTheStart() throws Exception {
        TestCertificates ours = new TestCertificates(folder, "ours", -40, 30).sign("server", -10, 30);
        try (Server server = new Server(
                "--set",
                "endpoint.tls.certificate=" + ours.certificate("server"),
                "--set",
                "endpoint.tls.key=" + ours.key("server"),
                "--set",
                "endpoint.tls.client_ca=" + ours.ca())) {
            List<String> warnings = server.said()
                    .lines()
                    .filter(line -> line.contains("Certificate " + folder))
                    .toList();
            assertEquals(2, warnings.size(), warnings.toString());
            assertTrue(warnings.get(0).contains(ours.certificate("server") + " (CN=ours server) expires on "));
            assertTrue(warnings.get(1).contains(ours.ca() + " (CN=ours ca) expired on "));
        }
    }

    /** Figures ask for no token: an endpoint that is open to the network does not open them. */
    @Test
    @Tag("slow")
    void figuresStayOnTheLoopbackUnlessTheyAreSentElsewhere() throws Exception {
        try (Server server = new Server("--set", "endpoint.host=0.0.0.0")) {
            assertTrue(server.gauge("waiting") == 0);
            new Socket("127.0.0.2", server.port).close();
            assertThrows(ConnectException.class, () -> new Socket("127.0.0.2", server.metricsPort).close());
        }
        try (Server server = new Server("--set", "endpoint.metrics_host=0.0.0.0")) {
            new Socket("127.0.0.2", server.metricsPort).close();
            assertThrows(ConnectException.class, () -> new Socket("127.0.0.2", server.port).close());
        }
    }

    /** More than one such call keeps both workers busy, most of them waiting, when a signal comes. */
    private static LlmCall<Result> someSecondsOfWork(LlmInfo info) {
        int tokens = 512;
        int[] lengths = new int[8];
        Arrays.fill(lengths, tokens);
        PromptBatch prompts = new PromptBatch(new float[8 * tokens * info.hidden()], lengths, tokens, info.hidden());
        return new PromptLoss(prompts, TokenBatch.of(Collections.nCopies(8, new int[] {1})), 1);
    }

    /** The command as a process. */
    private final class Server implements AutoCloseable {
        final Process process;
        final int port;
        final int metricsPort;

        Server(String... more) throws IOException {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx1g",
                    "-Dai.djl.offline=true",
                    "-DOPT_OUT_TRACKING=true",
                    "-Dlog4j2.configurationFile=../conf/log4j2.properties",
                    "-cp",
                    System.getProperty("java.class.path"),
                    EndpointMain.class.getName(),
                    "endpoint",
                    "serve",
                    "--set",
                    MODEL,
                    "--set",
                    "endpoint.port=0",
                    "--set",
                    "endpoint.metrics_port=0"));
            command.addAll(List.of(more));
            process = new ProcessBuilder(command)
                    .redirectError(folder.resolve("stderr").toFile())
                    .start();
            List<String> lines = new ArrayList<>();
            var out = process.inputReader(StandardCharsets.UTF_8);
            while (lines.stream().noneMatch(line -> line.matches("READY grpcs?://[^:]+:[0-9]+"))) {
                String line = out.readLine();
                if (line == null) {
                    throw new IllegalStateException(lines + Files.readString(folder.resolve("stderr")));
                }
                lines.add(line);
            }
            port = portOf(lines, "address");
            metricsPort = portOf(lines, "metrics");
        }

        private int portOf(List<String> lines, String name) {
            String line =
                    lines.stream().filter(l -> l.startsWith(name)).findFirst().orElseThrow();
            return Integer.parseInt(line.replaceAll("/metrics$", "").replaceAll(".*:", ""));
        }

        String said() {
            try {
                return Files.readString(folder.resolve("stderr"));
            } catch (IOException e) {
                return e.toString();
            }
        }

        void awaitHeld(int count) throws Exception {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (gauge("waiting") + gauge("running") < count) {
                assertTrue(System.nanoTime() < end, "the requests did not arrive in 30 s");
                Thread.sleep(5);
            }
        }

        private double gauge(String name) throws IOException {
            String page;
            try (var in = URI.create("http://127.0.0.1:" + metricsPort + "/metrics")
                    .toURL()
                    .openStream()) {
                page = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
            return page.lines()
                    .filter(l -> l.startsWith("fednano_endpoint_" + name + " "))
                    .mapToDouble(l -> Double.parseDouble(l.split(" ")[1]))
                    .findFirst()
                    .orElseThrow();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    private void assertSays(int status, String part, String... sets) {
        List<String> arguments = new ArrayList<>();
        for (String set : sets) {
            arguments.addAll(List.of("--set", set));
        }
        Said said = run(arguments.toArray(String[]::new));
        assertEquals(status, said.status, said.err);
        assertTrue(said.err.contains(part), said.err);
    }

    private record Said(int status, String out, String err) {}

    private static Said run(String... arguments) {
        List<String> all = new ArrayList<>(List.of("endpoint", "serve"));
        all.addAll(List.of(arguments));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status = Commands.run(
                new EndpointMain(), new PrintWriter(out, true), new PrintWriter(err, true), all.toArray(String[]::new));
        return new Said(status, out.toString(), err.toString());
    }
}
