package org.fednano.llm.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The metrics port through sockets, and those who would hold it. */
@Timeout(60)
class MetricsPortTest {

    private static final Duration LONG = Duration.ofMinutes(1);
    private static final String SCRAPE = "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n";

    /** What Prometheus 3 sends. */
    private static final String PROMETHEUS = "GET /metrics HTTP/1.1\r\nHost: here\r\nUser-Agent: Prometheus/3.5.0\r\n"
            + "Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
            + "openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,*/*;q=0.2\r\n"
            + "Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n";

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final List<Socket> held = new ArrayList<>();
    private MetricsPort metrics;

    private void start(Duration limit) throws IOException {
        Counter.builder().name("things").help("Things.").register(registry).inc();
        metrics = new MetricsPort(registry, "127.0.0.1", 0, limit);
    }

    @AfterEach
    void close() throws IOException {
        for (Socket socket : held) {
            socket.close();
        }
        metrics.close();
    }

    private Socket send(String text) throws IOException {
        Socket socket = new Socket("127.0.0.1", metrics.port());
        held.add(socket);
        socket.setSoTimeout(20_000);
        try {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        } catch (SocketException e) { // answered and closed before all of it was taken
        }
        return socket;
    }

    /** All that comes until the other end closes; nothing where it was reset. */
    private static String rest(Socket socket) throws IOException {
        try {
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (SocketException e) {
            return "";
        }
    }

    private String ask(String text) throws IOException {
        return rest(send(text));
    }

    @Test
    void itShowsTheFiguresAsPrometheusAsksForThem() throws IOException {
        start(LONG);
        String plain = ask(SCRAPE);
        assertTrue(plain.startsWith("HTTP/1.1 200 OK\r\n"), plain);
        assertTrue(plain.contains("text/plain"), plain);
        assertTrue(plain.endsWith("things_total 1.0\n"), plain);
        String open = ask(PROMETHEUS);
        assertTrue(open.contains("application/openmetrics-text"), open);
        assertTrue(open.endsWith("things_total 1.0\n# EOF\n"), open);
        String binary = ask("GET /metrics HTTP/1.1\r\nAccept: application/vnd.google.protobuf;"
                + "proto=io.prometheus.client.MetricFamily;encoding=delimited\r\n\r\n");
        assertTrue(binary.endsWith("things_total 1.0\n"), binary);
    }

    @Test
    void whatIsNoScrapeIsRefused() throws IOException {
        start(LONG);
        assertStatus(404, "GET / HTTP/1.1\r\n\r\n");
        assertStatus(404, "GET /metrics/../etc/passwd HTTP/1.1\r\n\r\n");
        assertStatus(405, "POST /metrics HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n{");
        assertStatus(405, "GET /metrics HTTP/1.1\r\n\r\n".replace("GET", "DELETE"));
        assertStatus(400, "\u0016\u0003\u0001 hello, is there TLS?\r\n\r\n");
        assertStatus(400, "GET /metrics HTTP/1.1\r\nContent-Length: -7\r\n\r\n");
        assertStatus(431, "GET /metrics HTTP/1.1\r\nX-Long: " + "x".repeat(2 * MetricsPort.MOST_HEADER_BYTES));
        assertStatus(431, "GET /metrics HTTP/1.1\r\n" + "X-Many: y\r\n".repeat(MetricsPort.MOST_HEADER_BYTES / 8));
        assertStatus(431, "GET /" + "m".repeat(2 * MetricsPort.MOST_HEADER_BYTES));
        assertTrue(ask(SCRAPE).contains(" 200 "));
    }

    private void assertStatus(int expected, String request) throws IOException {
        String answer = ask(request);
        // Reset, where more was sent than it read: as good.
        assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 " + expected + " "), expected + ": " + answer);
    }

    /** Ten such connections were enough to silence a server with a thread for each. */
    @Test
    void halfSentRequestsKeepNobodyOut() throws IOException {
        start(LONG);
        for (int i = 0; i < 5 * MetricsPort.MOST_CONNECTIONS; i++) {
            send("GET /metrics HTTP/1.1\r\nX-Slow: " + i);
            if (i % 50 == 0) {
                assertScraped();
            }
        }
        assertScraped();
        // Of too many the eldest had to go.
        for (Socket eldest : held.subList(0, 3 * MetricsPort.MOST_CONNECTIONS)) {
            rest(eldest);
        }
        Socket youngest = held.get(held.size() - 2);
        youngest.getOutputStream().write("\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        assertTrue(rest(youngest).contains("things_total"), "one that stayed is answered once it has asked");
    }

    private void assertScraped() throws IOException {
        long began = System.nanoTime();
        assertTrue(ask(SCRAPE).contains("things_total"));
        assertTrue(System.nanoTime() - began < 2_000_000_000L, "an honest scrape waits for nobody");
    }

    /** A byte now and then is no reason to wait longer, nor is a reader who does not read. */
    @Test
    void aConnectionEndsWithItsTime() throws Exception {
        start(Duration.ofMillis(500));
        Socket silent = send("");
        Socket half = send("GET /metrics HTTP/1.1\r\n");
        Socket trickling = send("GET /metrics HTTP/1.1\r\nX: ");
        for (int i = 0; i < 100; i++) {
            try {
                trickling.getOutputStream().write('y');
            } catch (SocketException e) {
                break;
            }
            Thread.sleep(20);
        }
        for (Socket socket : new Socket[] {silent, half, trickling}) {
            assertEquals("", rest(socket));
        }
        assertScraped();
    }

    @Test
    void itListensWhereItIsToldAndNowhereElse() throws IOException {
        start(LONG);
        assertThrows(ConnectException.class, () -> new Socket("127.0.0.2", metrics.port()).close());
        for (String wrong : new String[] {"198.51.100.1", "no.such.host.invalid"}) {
            JobException e = assertThrows(JobException.class, () -> ServerMetrics.start(wrong, 0));
            assertEquals(ExitStatus.USAGE, e.status());
            assertTrue(
                    e.getMessage().contains(wrong) && e.getMessage().contains("endpoint.metrics_host"), e.getMessage());
        }
        assertThrows(JobException.class, () -> ServerMetrics.start("127.0.0.1", metrics.port()));
    }
}
