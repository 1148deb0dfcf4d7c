package org.fednano.settings;

import java.time.Duration;
import java.util.List;

/** The driver's gateway between the partitions and the frozen LLM. */
public final class GatewayKeys {

    public static final Setting<Duration> CLIENT_DEADLINE = Setting.ofDuration(
            "gateway.client_deadline",
            Duration.ofMinutes(30),
            "Time from a client's own start after which the gateway answers ROUND_CLOSED and it counts as a straggler.");
    public static final Setting<Duration> GRACE = Setting.ofDuration(
            "gateway.grace",
            Duration.ofSeconds(60),
            "After every client's deadline, how long a round still waits before it cancels what is left.");
    public static final Setting<String> NETWORK = Setting.ofChoice(
            "gateway.network",
            "auto",
            List.of("auto", "on"),
            "auto: over gRPC if executors are processes of their own, inside the driver's JVM with a local master; on: always over gRPC.");
    public static final Setting<String> BIND = Setting.ofText(
            "gateway.bind",
            "",
            "Address that the gateway listens on in the driver, 0.0.0.0: all; empty: where Spark's driver listens itself.");
    public static final Setting<String> HOST = Setting.ofText(
            "gateway.host", "", "Name or address by which executors reach the driver; empty: spark.driver.host.");
    public static final Setting<Integer> PORT =
            Setting.ofInt("gateway.port", 0, 0, 65535, "Its port; 0: any free one.");
    public static final Setting<String> CERTIFICATE = Setting.ofText(
            "gateway.tls.certificate",
            "",
            "PEM file of the gateway's certificate chain; with gateway.tls.key turns TLS on.");
    public static final Setting<String> KEY =
            Setting.ofText("gateway.tls.key", "", "PEM file of its private key (PKCS #8); stays on the driver.");
    public static final Setting<String> CA = Setting.ofText(
            "gateway.tls.ca",
            "",
            "PEM file of the authority that executors trust, as it lies on the driver; empty: Java's own list.");
    public static final Setting<Boolean> BATCHING = Setting.ofSwitch(
            "gateway.batching",
            false,
            "Join requests of different clients into one batch. Fills a GPU; results then repeat to rounding (1e-5), not bit for bit.");
    public static final Setting<Integer> MAX_BATCH_TOKENS = Setting.ofInt(
            "gateway.max_batch_tokens", 8192, 1, 1 << 24, "Tokens of a joined batch, padding counted, at most.");
    public static final Setting<Duration> MAX_WAIT = Setting.ofDuration(
            "gateway.max_wait",
            Duration.ofMillis(5),
            "How long the first request of a batch waits for others, at most; it does not wait when no other client could come.");
    public static final Setting<Long> MAX_INFLIGHT = Setting.ofBytes(
            "gateway.max_inflight_bytes",
            512L << 20,
            "Bytes of the requests that wait or run in the gateway, at most; more are answered BUSY.");
    public static final Setting<Long> FEATURES_MEMORY = Setting.ofBytes(
            "gateway.features_memory",
            256L << 20,
            "Memory of the driver for features that executors send once, with llm.wire = 2 and executors that are processes of their own; 0: none are kept, and they send embeddings.");
    public static final Setting<Long> FEATURES_DISK = Setting.ofBytes(
            "gateway.features_disk", 10L << 30, "Disk for features that memory has no room for; 0: none.");
    public static final Setting<String> FEATURES_DIR = Setting.ofText(
            "gateway.features_dir", "", "Folder of the driver for them; empty: Java's place for temporary files.");

    static final List<Setting<?>> ALL = List.of(
            CLIENT_DEADLINE,
            GRACE,
            NETWORK,
            BIND,
            HOST,
            PORT,
            CERTIFICATE,
            KEY,
            CA,
            BATCHING,
            MAX_BATCH_TOKENS,
            MAX_WAIT,
            MAX_INFLIGHT,
            FEATURES_MEMORY,
            FEATURES_DISK,
            FEATURES_DIR);

    private GatewayKeys() {}
}
