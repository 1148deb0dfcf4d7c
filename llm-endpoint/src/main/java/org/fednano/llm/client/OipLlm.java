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
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.algorithm.Wire;
import org.fednano.llm.CodedLoss;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Features;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.EndpointKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;

/**
 * The frozen LLM behind one or several endpoints. It cuts calls to the endpoints' limits, asks the least loaded endpoint,
 * and does with each failure what the contract says:
 *
 * <ul>
 *   <li>busy, starting or gone: the endpoint rests, one second at first, then twice as long each time, while others take
 *       its work; {@link JobException} with status 5 when all of them stayed away for all tries;
 *   <li>too large: the batch is halved, down to one sample;
 *   <li>the call is wrong: {@link LlmException};
 *   <li>the run cannot go on (no access, another model, another contract): {@link JobException} with status 2 or 3;
 *   <li>the round is over: {@link org.fednano.algorithm.RoundClosedException}.
 * </ul>
 *
 * <p>For many threads. An interrupted call ends with an IllegalStateException, the thread's interrupt kept.
 */
public final class OipLlm implements FrozenLlm {

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
    public record Options(
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

        /** Beyond it gRPC's sizes come near their 31 bits. */
        public static final long LARGEST_MESSAGE = 1L << 30;

        public Options {
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
        public static Options of(Settings settings) {
            return new Options(
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
        public static Options to(String... addresses) {
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

        public Options withModelName(String changed) {
            return change(copy -> copy.modelName = changed);
        }

        public Options withToken(String changed) {
            return change(copy -> copy.token = changed);
        }

        public Options withTls(Tls changed) {
            return change(copy -> copy.tls = changed);
        }

        public Options withFingerprint(String changed) {
            return change(copy -> copy.fingerprint = changed);
        }

        public Options withInFlight(int changed) {
            return change(copy -> copy.inFlight = changed);
        }

        public Options withCallDeadline(Duration changed) {
            return change(copy -> copy.callDeadline = changed);
        }

        public Options withRetry(Retry changed) {
            return change(copy -> copy.retry = changed);
        }

        public Options withMaxMessage(long changed) {
            return change(copy -> copy.maxMessage = changed);
        }

        public Options withHeaders(Map<String, String> changed) {
            return change(copy -> copy.headers = changed);
        }

        public Options withHandshake(Handshake changed) {
            return change(copy -> copy.handshake = changed);
        }

        public Options withWire(Wire changed) {
            return change(copy -> copy.wire = changed);
        }

        public Options withRun(String changed) {
            return change(copy -> copy.run = changed);
        }

        private Options change(Consumer<Copy> edit) {
            Copy copy = new Copy(this);
            edit.accept(copy);
            return copy.options();
        }

        /** Options while one of them is being changed. */
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

            Copy(Options from) {
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

            Options options() {
                return new Options(
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
            return "OipLlm.Options[addresses=" + addresses + ", modelName=" + modelName + ", token="
                    + (token == null ? "none" : "(hidden)") + ", tls=" + tls + ", fingerprint=" + fingerprint
                    + ", inFlight=" + inFlight + ", callDeadline=" + callDeadline + ", retry=" + retry
                    + ", maxMessage=" + maxMessage + ", headers=" + new TreeMap<>(headers).keySet() + ", handshake="
                    + handshake + ", wire=" + wire + "]";
        }
    }

    /**
     * What the calls so far took, beyond the answers.
     *
     * @param requests sent, of all kinds but the handshake's
     * @param retries of them, sent because another one failed
     * @param splits calls that were halved
     * @param awaySeconds that callers waited because every endpoint rested
     * @param queuedSeconds that callers waited for a free place at an endpoint
     * @param featureBytes of features that were sent, those sent again counted again
     * @param featureMisses calls whose features the endpoint had let go, or had lost
     */
    public record Counters(
            long requests,
            long retries,
            long splits,
            double awaySeconds,
            double queuedSeconds,
            long featureBytes,
            long featureMisses) {}

    private final EndpointPool pool;

    private OipLlm(EndpointPool pool) {
        this.pool = pool;
    }

    /**
     * Connects and shakes hands. Endpoints that do not answer are left for later, as long as one does.
     *
     * @throws JobException status 2: an address, file or token is wrong, or the endpoint has no such model or another
     *     contract; 3: another model than expected, endpoints that disagree, or numbers that are wrong; 5: none answered
     *     within all tries
     */
    public static OipLlm connect(Options options) {
        return connect(options, WaitingClock.SYSTEM);
    }

    /**
     * The same over a connection that all clients made so in this JVM share, as long as address, TLS and largest message
     * are the same: for many short-lived clients. Token and headers stay each client's own. A close leaves the connection
     * to the others.
     */
    public static OipLlm connectShared(Options options) {
        return new OipLlm(EndpointPool.open(options, WaitingClock.SYSTEM, true));
    }

    /** As {@link #connect(Options)} with another clock, for tests. */
    static OipLlm connect(Options options, WaitingClock waiting) {
        return new OipLlm(EndpointPool.open(options, waiting, false));
    }

    @Override
    public LlmInfo info() {
        return pool.info();
    }

    /** D: what embeddings travel as. */
    public WireType wireType() {
        return pool.type();
    }

    /** What the calls so far took. */
    public Counters counters() {
        return pool.counters();
    }

    @Override
    public float[] embed(int[] ids) {
        return ids.length == 0 ? new float[0] : pool.call(new LlmCall.Embed(ids));
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        // 0 stands for "no gradient" in LlmCall.Loss; whoever asks for one must not get none.
        LlmException.require(gradScale > 0, Reason.BAD_REQUEST, "grad_scale", "a power of two", gradScale);
        return pool.call(new LlmCall.Loss(prompts, answers, gradScale));
    }

    @Override
    public Result loss(PromptBatch prompts, TokenBatch answers) {
        return pool.call(new LlmCall.Loss(prompts, answers));
    }

    @Override
    public Scores score(PromptBatch prompts, int[][][] choices) {
        return pool.call(new LlmCall.Score(prompts, choices));
    }

    @Override
    public int[][] generate(PromptBatch prompts, int maxNew) {
        return maxNew == 0 ? new int[prompts.size()][0] : pool.call(new LlmCall.Generate(prompts, maxNew));
    }

    @Override
    public Wire wire() {
        return pool.wire();
    }

    @Override
    public void onFeaturesSent(Consumer<Features> told) {
        pool.onFeaturesSent(told);
    }

    @Override
    public CodedResult lossGradient(CodedPrompts prompts, TokenBatch answers, float gradScale, Wanted wanted) {
        LlmException.require(gradScale > 0, Reason.BAD_REQUEST, "grad_scale", "a power of two", gradScale);
        return pool.call(new CodedLoss(prompts, answers, gradScale, wanted));
    }

    @Override
    public CodedResult loss(CodedPrompts prompts, TokenBatch answers) {
        return pool.call(new CodedLoss(prompts, answers));
    }

    @Override
    public Scores score(CodedPrompts prompts, int[][][] choices) {
        return pool.call(new LlmCall.Score(prompts, choices));
    }

    @Override
    public int[][] generate(CodedPrompts prompts, int maxNew) {
        return maxNew == 0 ? new int[prompts.size()][0] : pool.call(new LlmCall.Generate(prompts, maxNew));
    }

    /** Any call; what the operations above are made of. */
    public <R> R call(LlmCall<R> call) {
        return pool.call(call);
    }

    @Override
    public void close() {
        pool.close();
    }
}
