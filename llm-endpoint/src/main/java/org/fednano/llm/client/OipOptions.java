package org.fednano.llm.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.fednano.algorithm.Wire;
import org.fednano.settings.EndpointKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;

/**
 * How endpoints are reached and called.
 *
 * @param addresses grpc://host:port or grpcs://host:port (TLS), all with the same model
 * @param modelName the model's name at the endpoint
 * @param token bearer token; null: none. A secret: {@link #toString} leaves it out
 * @param tls for grpcs
 * @param fingerprint that every endpoint must have; null: the one that the first endpoint reports
 * @param inFlight requests under way to one endpoint at a time, at most
 * @param callDeadline of one try of one request
 * @param retry when an endpoint is away
 * @param maxMessage bytes of a message, either way, at most; 1 GiB at most
 * @param headers sent with each call, names in lower case
 * @param handshake what is checked before the first call
 * @param wire how prompts travel
 * @param run names the features that travel once: whoever has it can use them. Null: drawn for this client alone, and
 *     its features are forgotten at its end. A secret: {@link #toString} leaves it out
 */
public record OipOptions(
        List<String> addresses,
        String modelName,
        String token,
        Tls tls,
        String fingerprint,
        int inFlight,
        Duration callDeadline,
        Retry retry,
        long maxMessage,
        Map<String, String> headers,
        Handshake handshake,
        Wire wire,
        String run) {

    /** How much is checked before the first call. */
    public enum Handshake {
        /** Live, ready, metadata, fingerprint, a wrong fingerprint refused, loss and gradient of the probe. */
        FULL,
        /** Metadata and fingerprint. */
        LIGHT
    }

    /**
     * Certificates and keys for grpcs addresses; null: none.
     *
     * @param ca of the authority that signed the endpoint; null: Java's own list
     * @param certificate the client's chain, for mutual TLS
     * @param key the client's private key (PKCS #8), for mutual TLS
     */
    public record Tls(Pem ca, Pem certificate, Pem key) {

        /** Java's own list of authorities, no certificate of one's own. */
        public static final Tls DEFAULT = new Tls(null, null, null);

        public Tls {
            if ((certificate == null) != (key == null)) {
                throw JobException.usage("Mutual TLS needs both a client's certificate and its key: found only "
                        + (certificate == null ? "a key. Give a certificate" : "a certificate. Give a key")
                        + " (llm.tls.certificate, llm.tls.key).");
            }
        }

        /**
         * Reads PEM files, each of which may be null.
         *
         * @throws JobException with status 2 if one cannot be read, or only one of certificate and key is there
         */
        public static Tls read(Path ca, Path certificate, Path key) {
            return new Tls(Pem.read(ca), Pem.read(certificate), Pem.read(key));
        }
    }

    /**
     * What happens to a call that finds its endpoint busy, starting or gone.
     *
     * @param tries in all, the first included, at each endpoint
     * @param backoff wait before the second try; doubles with each further one, with jitter
     * @param backoffMax longest wait between two tries
     */
    public record Retry(int tries, Duration backoff, Duration backoffMax) {}

    /** Beyond it gRPC's sizes come near their 31 bits. */
    public static final long LARGEST_MESSAGE = 1L << 30;

    public OipOptions {
        addresses = List.copyOf(addresses);
        headers = Map.copyOf(headers);
        Objects.requireNonNull(modelName);
        Objects.requireNonNull(tls);
        Objects.requireNonNull(retry);
        Objects.requireNonNull(handshake);
        Objects.requireNonNull(wire);
        if (addresses.isEmpty()) {
            throw JobException.usage("At least one endpoint is needed: found none. Set llm.endpoints.");
        }
        // Checked here, because gRPC's own complaint about a header might quote it.
        if (token != null && !isToken(token)) {
            throw JobException.usage(
                    "A token must be printable ASCII characters without spaces: found something else.");
        }
        if (maxMessage < 1 || maxMessage > LARGEST_MESSAGE) {
            throw JobException.usage("The largest message must be 1 byte to 1 GiB: found " + maxMessage
                    + " bytes. Change llm.max_message.");
        }
        if (inFlight < 1 || retry.tries() < 1 || callDeadline.isNegative() || callDeadline.isZero()) {
            throw JobException.usage("llm.in_flight, llm.tries and llm.call_deadline must be positive: found "
                    + inFlight + ", " + retry.tries() + " and " + callDeadline + ".");
        }
    }

    /**
     * The options of {@code llm.*}.
     *
     * @throws JobException with status 2 if the token's file cannot be read or is empty
     */
    public static OipOptions of(Settings settings) {
        return new OipOptions(
                settings.get(EndpointKeys.ADDRESSES),
                settings.get(EndpointKeys.MODEL_NAME),
                readToken(path(settings, EndpointKeys.TOKEN_FILE)),
                Tls.read(
                        path(settings, EndpointKeys.CA),
                        path(settings, EndpointKeys.CERTIFICATE),
                        path(settings, EndpointKeys.KEY)),
                null,
                settings.get(EndpointKeys.IN_FLIGHT),
                settings.get(EndpointKeys.CALL_DEADLINE),
                new Retry(
                        settings.get(EndpointKeys.TRIES),
                        settings.get(EndpointKeys.BACKOFF),
                        settings.get(EndpointKeys.BACKOFF_MAX)),
                settings.get(EndpointKeys.MAX_MESSAGE),
                Map.of(),
                Handshake.FULL,
                wire(settings),
                null);
    }

    private static Wire wire(Settings settings) {
        return switch (settings.get(EndpointKeys.WIRE)) {
            case "1" -> Wire.EMBEDDINGS;
            case "2" -> Wire.CODES;
            default -> Wire.AUTO;
        };
    }

    /** Every setting's default, for these addresses. */
    public static OipOptions to(String... addresses) {
        return of(Settings.defaults().with(EndpointKeys.ADDRESSES, List.of(addresses)));
    }

    private static Path path(Settings settings, Setting<String> key) {
        String text = settings.get(key);
        return text.isEmpty() ? null : Path.of(text);
    }

    /**
     * The first line of a file with a bearer token; null for no file.
     *
     * @throws JobException with status 2 if it cannot be read or is empty
     */
    public static String readToken(Path file) {
        if (file == null) {
            return null;
        }
        String token;
        try {
            token = Files.readString(file, StandardCharsets.UTF_8)
                    .lines()
                    .findFirst()
                    .orElse("")
                    .strip();
        } catch (IOException e) {
            throw JobException.usage("A file with the endpoint's token is expected at " + file
                    + ": it cannot be read. Correct llm.token_file or the file's permissions.");
        }
        if (!isToken(token)) {
            throw JobException.usage("The first line of " + file
                    + " must be a token of printable ASCII characters without spaces: found something else.");
        }
        return token;
    }

    private static boolean isToken(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c > 0x20 && c < 0x7f);
    }

    public OipOptions withModelName(String changed) {
        return change(copy -> copy.modelName = changed);
    }

    public OipOptions withToken(String changed) {
        return change(copy -> copy.token = changed);
    }

    public OipOptions withTls(Tls changed) {
        return change(copy -> copy.tls = changed);
    }

    public OipOptions withFingerprint(String changed) {
        return change(copy -> copy.fingerprint = changed);
    }

    public OipOptions withInFlight(int changed) {
        return change(copy -> copy.inFlight = changed);
    }

    public OipOptions withCallDeadline(Duration changed) {
        return change(copy -> copy.callDeadline = changed);
    }

    public OipOptions withRetry(Retry changed) {
        return change(copy -> copy.retry = changed);
    }

    public OipOptions withMaxMessage(long changed) {
        return change(copy -> copy.maxMessage = changed);
    }

    public OipOptions withHeaders(Map<String, String> changed) {
        return change(copy -> copy.headers = changed);
    }

    public OipOptions withHandshake(Handshake changed) {
        return change(copy -> copy.handshake = changed);
    }

    public OipOptions withWire(Wire changed) {
        return change(copy -> copy.wire = changed);
    }

    public OipOptions withRun(String changed) {
        return change(copy -> copy.run = changed);
    }

    private OipOptions change(Consumer<Copy> edit) {
        Copy copy = new Copy(this);
        edit.accept(copy);
        return copy.options();
    }

    /** OipOptions while one of them is being changed. */
    private static final class Copy {
        private List<String> addresses;
        private String modelName;
        private String token;
        private Tls tls;
        private String fingerprint;
        private int inFlight;
        private Duration callDeadline;
        private Retry retry;
        private long maxMessage;
        private Map<String, String> headers;
        private Handshake handshake;
        private Wire wire;
        private String run;

        Copy(OipOptions from) {
            addresses = from.addresses;
            modelName = from.modelName;
            token = from.token;
            tls = from.tls;
            fingerprint = from.fingerprint;
            inFlight = from.inFlight;
            callDeadline = from.callDeadline;
            retry = from.retry;
            maxMessage = from.maxMessage;
            headers = from.headers;
            handshake = from.handshake;
            wire = from.wire;
            run = from.run;
        }

        OipOptions options() {
            return new OipOptions(
                    addresses,
                    modelName,
                    token,
                    tls,
                    fingerprint,
                    inFlight,
                    callDeadline,
                    retry,
                    maxMessage,
                    headers,
                    handshake,
                    wire,
                    run);
        }
    }

    /** Without the token, the run's secret and the headers' values. */
    @Override
    public String toString() {
        return "OipOptions[addresses=" + addresses + ", modelName=" + modelName + ", token="
                + (token == null ? "none" : "(hidden)") + ", tls=" + tls + ", fingerprint=" + fingerprint
                + ", inFlight=" + inFlight + ", callDeadline=" + callDeadline + ", retry=" + retry
                + ", maxMessage=" + maxMessage + ", headers=" + new TreeMap<>(headers).keySet() + ", handshake="
                + handshake + ", wire=" + wire + "]";
    }
}
