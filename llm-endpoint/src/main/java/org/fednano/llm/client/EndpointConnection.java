package org.fednano.llm.client;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;
import org.fednano.llm.oip.proto.GRPCInferenceServiceGrpc;
import org.fednano.llm.oip.proto.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferResponse;
import org.fednano.llm.oip.proto.ModelMetadataRequest;
import org.fednano.llm.oip.proto.ModelMetadataResponse;
import org.fednano.llm.oip.proto.ModelReadyRequest;
import org.fednano.llm.oip.proto.ServerLiveRequest;
import org.fednano.llm.oip.proto.ServerReadyRequest;
import org.fednano.llm.tls.CertificateDates;
import org.fednano.llm.wire.GrpcStatuses;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection to one endpoint. Each method asks once and throws {@link LlmException} with what the endpoint, or the
 * network, answered; no message holds the token. For many threads.
 */
public final class EndpointConnection implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EndpointConnection.class);

    /** A whole gradient in flight: with gRPC's own 64 KiB a large message waits for acknowledgements all the way. */
    private static final int FLOW_WINDOW = 64 << 20;

    /** gRPC servers cut connections that ping more often than every five minutes, unless they were told otherwise. */
    private static final Duration KEEP_ALIVE = Duration.ofMinutes(5);

    /** Firewalls forget connections on which nothing moves; a call on one of those would hang until the next ping. */
    private static final Duration IDLE = Duration.ofMinutes(1);

    private static final Duration PING = Duration.ofSeconds(5);

    private static final int MAX_CAUSES = 10;

    /** Told once each: tasks come by the thousand. */
    private static final Set<EndpointAddress> WARNED = ConcurrentHashMap.newKeySet();

    private final EndpointAddress address;
    private final String modelName;
    private final String token;
    private final Duration deadline;
    private final ManagedChannel channel;
    private final SharedChannel shared;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final GRPCInferenceServiceBlockingStub stub;

    /** With a connection of its own. */
    public EndpointConnection(EndpointAddress address, OipOptions options) {
        this(address, options, false);
    }

    /**
     * Connects when first asked.
     *
     * @param share whether over the connection that others of this JVM use too
     * @throws JobException with status 2 if a PEM file is missing or is none
     */
    public EndpointConnection(EndpointAddress address, OipOptions options, boolean share) {
        this.address = address;
        modelName = options.modelName();
        token = options.token();
        deadline = options.callDeadline();
        if (token != null && !address.tls() && !address.loopback() && WARNED.add(address)) {
            LOG.warn("The token for {} travels without encryption: anyone on the way can read it. Use grpcs.", address);
        }
        Metadata headers = headers(options); // first: whoever has taken a shared channel must give it back
        try {
            shared = share ? SharedChannel.take(address, options) : null;
            channel = share ? shared.channel() : channel(address, options);
        } catch (IOException | IllegalArgumentException e) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "TLS towards " + address + " needs PEM files (llm.tls.ca, llm.tls.certificate, llm.tls.key; the key"
                            + " as PKCS #8 without a password): " + options.tls() + " cannot be used, "
                            + e.getMessage(),
                    e);
        }
        stub = GRPCInferenceServiceGrpc.newBlockingStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    static ManagedChannel channel(EndpointAddress address, OipOptions options) throws IOException {
        return NettyChannelBuilder.forAddress(
                        address.host(),
                        address.port(),
                        address.tls() ? credentials(options.tls()) : InsecureChannelCredentials.create())
                .maxInboundMessageSize(Math.toIntExact(options.maxMessage()))
                .flowControlWindow(FLOW_WINDOW)
                .keepAliveTime(KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS)
                .idleTimeout(IDLE.toSeconds(), TimeUnit.SECONDS)
                .disableRetry() // its retries know neither the contract's reasons nor its waits
                .userAgent("fednano")
                .build();
    }

    private static ChannelCredentials credentials(OipOptions.Tls tls) throws IOException {
        TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
        if (tls.ca() != null) {
            CertificateDates.warn(tls.ca().origin(), tls.ca().text());
            credentials.trustManager(tls.ca().stream());
        }
        if (tls.certificate() != null) {
            CertificateDates.warn(tls.certificate().origin(), tls.certificate().text());
            credentials.keyManager(tls.certificate().stream(), tls.key().stream());
        }
        return credentials.build();
    }

    private static Metadata headers(OipOptions options) {
        Metadata headers = new Metadata();
        options.headers().forEach((name, value) -> headers.put(key(name), value));
        if (options.token() != null) {
            headers.put(key("authorization"), "Bearer " + options.token());
        }
        return headers;
    }

    private static Metadata.Key<String> key(String name) {
        return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }

    public EndpointAddress address() {
        return address;
    }

    public boolean live() {
        return ask("ServerLive", s -> s.serverLive(ServerLiveRequest.getDefaultInstance()))
                .getLive();
    }

    /**
     * Asks for a word, and not for long: a machine that has vanished answers nothing, and a real call would wait out its
     * whole deadline. What the server says does not matter.
     *
     * @throws LlmException if it says nothing
     */
    void ping() {
        try {
            named("a sign of life", () -> stub.withDeadlineAfter(
                            Math.min(deadline.toNanos(), PING.toNanos()), TimeUnit.NANOSECONDS)
                    .serverLive(ServerLiveRequest.getDefaultInstance()));
        } catch (LlmException e) {
            if (e.reason().remedy() == Reason.Remedy.RETRY) {
                throw e;
            }
        }
    }

    public boolean ready() {
        return ask("ServerReady", s -> s.serverReady(ServerReadyRequest.getDefaultInstance()))
                .getReady();
    }

    public boolean modelReady() {
        return ask(
                        "ModelReady",
                        s -> s.modelReady(ModelReadyRequest.newBuilder()
                                .setName(modelName)
                                .build()))
                .getReady();
    }

    public ModelMetadataResponse metadata() {
        return ask(
                "ModelMetadata",
                s -> s.modelMetadata(
                        ModelMetadataRequest.newBuilder().setName(modelName).build()));
    }

    /**
     * Sends a request.
     *
     * @param what for messages: the operation and its shapes
     */
    public ModelInferResponse infer(ModelInferRequest request, String what) {
        return ask(what, s -> s.modelInfer(request));
    }

    /** The same request, but not for long. */
    ModelInferResponse infer(ModelInferRequest request, String what, Duration most) {
        return named(
                what, () -> stub.withDeadlineAfter(Math.min(deadline.toNanos(), most.toNanos()), TimeUnit.NANOSECONDS)
                        .modelInfer(request));
    }

    private <T> T ask(String what, Function<GRPCInferenceServiceBlockingStub, T> call) {
        return named(what, () -> call.apply(stub.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS)));
    }

    /** Does something and adds address and operation to the message of its failure. */
    public <T> T named(String what, Supplier<T> part) {
        try {
            return part.get();
        } catch (StatusRuntimeException e) {
            if (Thread.currentThread().isInterrupted() && e.getStatus().getCode() == Status.Code.CANCELLED) {
                throw new IllegalStateException("Interrupted while " + address + " was asked for " + what);
            }
            LlmException failure = GrpcStatuses.read(e);
            if (failure.reason() == Reason.NOT_READY && !e.getMessage().contains("LLMGRAD:")) {
                // The network's failure, not the server's word. The broken connection is forgotten, and with it
                // gRPC's own wait for the next one, which grows to two minutes. Calls under way go on.
                channel.enterIdle();
            }
            throw failure(tlsTrouble(e) ? Reason.AUTH : failure.reason(), what, failure.getMessage() + causes(e));
        } catch (LlmException e) {
            throw failure(e.reason(), what, e.getMessage());
        }
    }

    // No cause: a server may have quoted the token in the text that the cause holds.
    private LlmException failure(Reason reason, String what, String text) {
        String safe = token == null ? text : text.replace(token, "(token)");
        return new LlmException(reason, "Endpoint " + address + ", " + what + ": " + reason + " " + safe);
    }

    /** A certificate that one side does not accept stays so: waiting would not help. */
    private static boolean tlsTrouble(Throwable e) {
        Throwable cause = e.getCause();
        for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++, cause = cause.getCause()) {
            String text = String.valueOf(cause.getMessage()).toUpperCase(java.util.Locale.ROOT);
            if (cause instanceof java.security.cert.CertificateException
                    || cause instanceof SSLException
                            && (text.contains("CERTIFICATE")
                                    || text.contains("NOT AN SSL")
                                    || text.contains("WRONG_VERSION"))) {
                return true;
            }
        }
        return false;
    }

    /** What the network said, such as "Connection refused": gRPC's own text is "io exception". */
    private static String causes(Throwable e) {
        StringBuilder text = new StringBuilder();
        Throwable cause = e.getCause();
        for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++, cause = cause.getCause()) {
            if (cause.getMessage() != null && text.indexOf(cause.getMessage()) < 0) {
                text.append("; ").append(cause.getMessage());
            }
        }
        return text.toString();
    }

    /** A connection of its own is cut; a shared one stays, and calls under way on it go on. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        if (shared == null) {
            channel.shutdownNow();
        } else {
            shared.giveBack();
        }
    }
}
