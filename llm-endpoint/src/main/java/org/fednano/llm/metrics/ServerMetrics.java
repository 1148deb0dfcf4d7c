package org.fednano.llm.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.fednano.llm.server.CallListener;
import org.fednano.llm.server.LlmServer;
import org.fednano.llm.store.FeatureStore;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** One server's figures for Prometheus, in a registry of their own, over HTTP on a port of their own. */
public final class ServerMetrics implements CallListener, AutoCloseable {

    private static final String PREFIX = "fednano_endpoint_";

    /** From a table look-up of a tiny model to the longest call that a client waits for. */
    private static final double[] SECONDS = {
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180
    };

    /** Time to ask and to take the answer; scrapes take milliseconds, and Prometheus gives up after ten seconds itself. */
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private static final double[] SHARES = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1};

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final AtomicReference<LlmServer> watched = new AtomicReference<>();
    private final Counter requests =
            counter("requests", "Requests by operation and outcome.", "op", "outcome", "reason");
    private final Counter samples = counter("samples", "Samples computed.", "op");
    private final Counter tokens = counter("tokens", "Tokens computed: real ones, and with padding counted.", "kind");
    private final Counter bytes = counter("bytes", "Bytes of messages.", "direction");
    private final Histogram queue = histogram("queue_seconds", "Wait of a request for a worker.", SECONDS);
    private final Histogram compute = histogram("compute_seconds", "Time of a request in the LLM.", SECONDS);
    private final Histogram fill =
            histogram("batch_fill", "Share of a computed request's tokens that are no padding.", SHARES);
    private final MetricsPort http;

    private ServerMetrics(String host, int port) {
        gauge("waiting", "Requests in the queue.", LlmServer.State::waiting);
        gauge("running", "Requests being computed.", LlmServer.State::running);
        gauge("held_bytes", "Bytes of the messages that are held.", LlmServer.State::bytes);
        features("features", "Prompts' features in the store.", FeatureStore.Figures::entries);
        features("features_memory_bytes", "Bytes of features in memory.", FeatureStore.Figures::memory);
        features("features_disk_bytes", "Bytes of features on disk.", FeatureStore.Figures::disk);
        features("features_found", "Features asked for that were there, so far.", FeatureStore.Figures::hits);
        features("features_missed", "Features asked for that were not, so far.", FeatureStore.Figures::misses);
        features("features_evicted", "Features let go for room, so far.", FeatureStore.Figures::evicted);
        for (String kind : new String[] {"real", "padded"}) {
            tokens.initLabelValues(kind);
        }
        for (String direction : new String[] {"in", "out"}) {
            bytes.initLabelValues(direction);
        }
        try {
            http = new MetricsPort(registry, host, port, LIMIT);
        } catch (IOException e) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "Cannot serve metrics on " + host + ":" + port + ": " + e.getMessage()
                            + ". Choose another endpoint.metrics_host or endpoint.metrics_port (0: any free one, -1: none).",
                    e);
        }
    }

    /**
     * Offers the figures at {@code http://host:port/metrics}.
     *
     * @param port 0: any free one
     * @throws JobException with status 2 if the address is taken
     */
    public static ServerMetrics start(String host, int port) {
        return new ServerMetrics(host, port);
    }

    /** From now on the gauges show what this server holds. */
    public void watch(LlmServer server) {
        watched.set(server);
    }

    /** The port that it listens on. */
    public int port() {
        return http.port();
    }

    @Override
    public void ended(Ended call) {
        String reason = call.reason() == null ? "" : call.reason().name();
        requests.labelValues(call.op(), call.outcome().name().toLowerCase(java.util.Locale.ROOT), reason)
                .inc();
        bytes.labelValues("in").inc(call.requestBytes());
        bytes.labelValues("out").inc(call.responseBytes());
        if (call.queueSeconds() > 0) {
            queue.labelValues(call.op()).observe(call.queueSeconds());
        }
        if (call.paddedTokens() > 0) {
            compute.labelValues(call.op()).observe(call.computeSeconds());
            samples.labelValues(call.op()).inc(call.samples());
            tokens.labelValues("real").inc(call.realTokens());
            tokens.labelValues("padded").inc(call.paddedTokens());
            fill.labelValues(call.op()).observe((double) call.realTokens() / call.paddedTokens());
        }
    }

    @Override
    public void close() {
        http.close();
    }

    private Counter counter(String name, String help, String... labels) {
        return Counter.builder()
                .name(PREFIX + name)
                .help(help)
                .labelNames(labels)
                .withoutExemplars()
                .register(registry);
    }

    private Histogram histogram(String name, String help, double[] bounds) {
        return Histogram.builder()
                .name(PREFIX + name)
                .help(help)
                .labelNames("op")
                .classicOnly()
                .classicUpperBounds(bounds)
                .withoutExemplars()
                .register(registry);
    }

    private void features(String name, String help, ToDoubleFunction<FeatureStore.Figures> value) {
        gauge(name, help, LlmServer::features, value);
    }

    private void gauge(String name, String help, ToDoubleFunction<LlmServer.State> value) {
        gauge(name, help, LlmServer::state, value);
    }

    private <T> void gauge(String name, String help, Function<LlmServer, T> of, ToDoubleFunction<T> value) {
        GaugeWithCallback.builder()
                .name(PREFIX + name)
                .help(help)
                .callback(gauge -> {
                    LlmServer server = watched.get();
                    gauge.call(server == null ? 0 : value.applyAsDouble(of.apply(server)));
                })
                .register(registry);
    }
}
