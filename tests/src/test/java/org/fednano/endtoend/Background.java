package org.fednano.endtoend;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A process that stays in the background of a test, with its output in a file; an endpoint has an address. */
record Background(Process process, Path log, String address) implements AutoCloseable {

    private static final Duration LONG = Duration.ofMinutes(2);

    /** The frozen LLM as a service on a port, ready for calls. */
    static Background endpoint(CommandLine fednano, Path log, int port, String... settings)
            throws IOException, InterruptedException {
        String[] command = new String[6 + settings.length * 2];
        String[] fixed = {"endpoint", "serve", "--set", "endpoint.port=" + port, "--set", "endpoint.metrics_port=-1"};
        System.arraycopy(fixed, 0, command, 0, fixed.length);
        for (int i = 0; i < settings.length; i++) {
            command[fixed.length + 2 * i] = "--set";
            command[fixed.length + 2 * i + 1] = settings[i];
        }
        Background endpoint = new Background(fednano.start(log, command), log, "grpc://127.0.0.1:" + port);
        endpoint.await("(?m)^READY");
        return endpoint;
    }

    /** Waits until the output matches. */
    Matcher await(String pattern) throws IOException, InterruptedException {
        Pattern wanted = Pattern.compile(pattern);
        long end = System.nanoTime() + LONG.toNanos();
        while (true) {
            Matcher matcher = wanted.matcher(output());
            if (matcher.find()) {
                return matcher;
            }
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new AssertionError("Expected '" + pattern + "' in the output of a "
                        + (process.isAlive() ? "running" : "dead") + " process:\n" + output());
            }
            Thread.sleep(100);
        }
    }

    /** What has come so far; the file is the process's own to begin. */
    String output() throws IOException {
        return Files.exists(log) ? Files.readString(log, StandardCharsets.UTF_8) : "";
    }

    /** SIGKILL. */
    void kill() {
        try {
            CommandLine.kill(process);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        kill();
    }

    /** A port that was free a moment ago. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
