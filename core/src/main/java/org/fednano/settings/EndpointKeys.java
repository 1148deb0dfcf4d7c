package org.fednano.settings;

import java.time.Duration;
import java.util.List;

/** The frozen LLM as a service: how a run reaches one, and how {@code fednano endpoint serve} offers one. */
public final class EndpointKeys {

    public static final Setting<List<String>> ADDRESSES = Setting.ofList(
            "llm.endpoints",
            List.of(),
            "Endpoints with the same model, grpc://host:port or grpcs://host:port (TLS); none: the LLM of model.dir inside the driver.");
    public static final Setting<String> MODEL_NAME =
            Setting.ofText("llm.model_name", "frozen_llm", "The model's name at the endpoint.");
    public static final Setting<String> TOKEN_FILE = Setting.ofText(
            "llm.token_file",
            "",
            "File whose first line is the bearer token for the endpoint; empty: none. Only the path is ever logged.");
    public static final Setting<String> CA = Setting.ofText(
            "llm.tls.ca", "", "PEM file of the authority that signed the endpoint; empty: Java's own list.");
    public static final Setting<String> CERTIFICATE =
            Setting.ofText("llm.tls.certificate", "", "PEM file of the client's certificate chain, for mutual TLS.");
    public static final Setting<String> KEY =
            Setting.ofText("llm.tls.key", "", "PEM file of the client's private key (PKCS #8), for mutual TLS.");
    public static final Setting<Integer> IN_FLIGHT =
            Setting.ofInt("llm.in_flight", 2, 1, 64, "Requests under way to one endpoint at a time, at most.");
    public static final Setting<Duration> CALL_DEADLINE = Setting.ofDuration(
            "llm.call_deadline", Duration.ofSeconds(180), "Time that one try of one call to an endpoint may take.");
    public static final Setting<Integer> TRIES = Setting.ofInt(
            "llm.tries",
            8,
            1,
            100,
            "Tries of a call that finds its endpoint busy, starting or gone, the first included.");
    public static final Setting<Duration> BACKOFF = Setting.ofDuration(
            "llm.backoff",
            Duration.ofSeconds(1),
            "Wait before the second try; doubles with each further one, with jitter.");
    public static final Setting<Duration> BACKOFF_MAX =
            Setting.ofDuration("llm.backoff_max", Duration.ofSeconds(60), "Longest wait between two tries.");
    public static final Setting<Long> MAX_MESSAGE =
            Setting.ofBytes("llm.max_message", 256L << 20, "Largest message to or from an endpoint, 1 GiB at most.");

    public static final Setting<String> WIRE = Setting.ofChoice(
            "llm.wire",
            "1",
            List.of("auto", "1", "2"),
            "How prompts travel to endpoints. 1: as embeddings; 2: as features, once, and codes of the adapter's rank, the same to rounding for a fraction of the bytes; auto: as whichever is fewer bytes.");

    public static final Setting<String> SERVE_HOST =
            Setting.ofText("endpoint.host", "127.0.0.1", "Address that endpoint serve listens on; 0.0.0.0: all.");
    public static final Setting<Integer> SERVE_PORT =
            Setting.ofInt("endpoint.port", 8061, 0, 65535, "Its port; 0: any free one, printed at the start.");
    public static final Setting<String> METRICS_HOST = Setting.ofText(
            "endpoint.metrics_host",
            "127.0.0.1",
            "Address that its Prometheus metrics listen on, whatever endpoint.host is: they ask for no token. 0.0.0.0: all.");
    public static final Setting<Integer> METRICS_PORT = Setting.ofInt(
            "endpoint.metrics_port", 8062, -1, 65535, "Port of its Prometheus metrics; 0: any free one, -1: none.");
    public static final Setting<String> SERVE_CERTIFICATE = Setting.ofText(
            "endpoint.tls.certificate",
            "",
            "PEM file of the server's certificate chain; with endpoint.tls.key turns TLS on.");
    public static final Setting<String> SERVE_KEY =
            Setting.ofText("endpoint.tls.key", "", "PEM file of the server's private key (PKCS #8).");
    public static final Setting<String> SERVE_CLIENT_CA = Setting.ofText(
            "endpoint.tls.client_ca",
            "",
            "PEM file of the authority that must have signed a client (mutual TLS); empty: any client.");
    public static final Setting<String> SERVE_TOKEN_FILE = Setting.ofText(
            "endpoint.token_file",
            "",
            "File with the bearer tokens that are let in, one a line; empty: no token needed.");
    public static final Setting<String> WIRE_DTYPE = Setting.ofChoice(
            "endpoint.wire_dtype",
            "fp32",
            List.of("fp32", "fp16", "bf16"),
            "Type of embeddings on the wire; with a half type gradients travel as bf16. Computing stays in float32.");
    public static final Setting<Integer> QUEUE = Setting.ofInt(
            "endpoint.queue", 64, 1, 100_000, "Requests that wait or run, at most; more are answered BUSY.");
    public static final Setting<Long> QUEUE_BYTES = Setting.ofBytes(
            "endpoint.queue_bytes",
            1L << 30,
            "Bytes of the requests that wait or run, at most; more are answered BUSY.");
    public static final Setting<Integer> MAX_TOKENS = Setting.ofInt(
            "endpoint.max_tokens",
            8192,
            16,
            1 << 24,
            "Tokens of one request, B*(T+L), at most; more are answered TOO_LARGE.");
    public static final Setting<Long> SERVE_MAX_MESSAGE =
            Setting.ofBytes("endpoint.max_message", 256L << 20, "Largest message, 1 GiB at most.");
    public static final Setting<Long> FEATURES_MEMORY = Setting.ofBytes(
            "endpoint.features_memory",
            256L << 20,
            "Memory for prompts' features, which clients with llm.wire = 2 send once; 0: none are kept, and the endpoint takes version 1 of the contract alone.");
    public static final Setting<Long> FEATURES_DISK = Setting.ofBytes(
            "endpoint.features_disk", 10L << 30, "Disk for features that memory has no room for; 0: none.");
    public static final Setting<String> FEATURES_DIR =
            Setting.ofText("endpoint.features_dir", "", "Folder for them; empty: Java's place for temporary files.");
    public static final Setting<Duration> FEATURES_KEEP = Setting.ofDuration(
            "endpoint.features_keep",
            Duration.ofHours(6),
            "How long features stay that nobody uses, if their run does not drop them before.");
    public static final Setting<Duration> DRAIN = Setting.ofDuration(
            "endpoint.drain", Duration.ofSeconds(30), "On SIGTERM, how long requests under way may still run.");

    static final List<Setting<?>> ALL = List.of(
            ADDRESSES,
            MODEL_NAME,
            TOKEN_FILE,
            CA,
            CERTIFICATE,
            KEY,
            IN_FLIGHT,
            CALL_DEADLINE,
            TRIES,
            BACKOFF,
            BACKOFF_MAX,
            MAX_MESSAGE,
            WIRE,
            SERVE_HOST,
            SERVE_PORT,
            METRICS_HOST,
            METRICS_PORT,
            SERVE_CERTIFICATE,
            SERVE_KEY,
            SERVE_CLIENT_CA,
            SERVE_TOKEN_FILE,
            WIRE_DTYPE,
            QUEUE,
            QUEUE_BYTES,
            MAX_TOKENS,
            SERVE_MAX_MESSAGE,
            FEATURES_MEMORY,
            FEATURES_DISK,
            FEATURES_DIR,
            FEATURES_KEEP,
            DRAIN);

    private EndpointKeys() {}
}
