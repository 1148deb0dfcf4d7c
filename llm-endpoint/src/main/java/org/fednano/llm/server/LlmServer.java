package org.fednano.llm.server;

import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.WireType;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/**
 * A {@link Backend} on the network: the server side of contract {@code llmgrad/1}. Requests wait in one queue, bounded by
 * count and by bytes, for a fixed number of workers. A request whose caller has gone is dropped without being computed.
 */
public final class LlmServer implements AutoCloseable {

    /**
     * gRPC logs a stack trace for each message that is no gRPC: any caller could fill the log. Held here, because a logger
     * that nobody holds loses its level.
     */
    private static final Logger GRPC = Logger.getLogger("io.grpc.netty");

    /** What one connection may have sent and not yet been read; 64 MiB each way took 60 ms with it on one machine. */
    private static final int FLOW_WINDOW = 64 << 20;

    /** Clients that ping more often are cut off; the server pings as often, to notice those that are gone. */
    private static final Duration KEEP_ALIVE = Duration.ofMinutes(5);

    /** Bounds what one connection can make the server hold; further calls wait at their client. */
    private static final int CALLS_PER_CONNECTION = 256;

    /** A connection without calls for so long is closed; clients open another one when they need it. */
    private static final Duration IDLE = Duration.ofMinutes(10);

    /** A job that is cancelled resets all its calls at once; who resets more than that in ten seconds is cut off. */
    private static final int RESETS = 4 * CALLS_PER_CONNECTION;

    private static final int RESETS_SECONDS = 10;

    /** How long {@link #close} waits for calls that are being computed: their LLM may be closed right after. */
    private static final Duration LAST_CALLS = Duration.ofSeconds(10);

    /**
     * How to serve.
     *
     * @param host address to listen on
     * @param port 0: any free one
     * @param modelName the model's name in requests
     * @param type D, of embeddings on the wire
     * @param limits of one request
     * @param tls null: none
     * @param callers whether a bearer token is let in, by a call with these headers; null: no token needed
     * @param load how much is held and computed at a time
     * @param listener is told of every request
     * @param features bounds of the store of features; none: the contract's first version alone
     */
    public record Options(
            String host,
            int port,
            String modelName,
            WireType type,
            LlmInfo.Limits limits,
            Tls tls,
            BiPredicate<String, Metadata> callers,
            Load load,
            CallListener listener,
            FeatureStore.Limits features) {

        /** A gRPC message's size is an int, and others' buffers overflow silently beyond 2 GiB. */
        public static final long MOST_MESSAGE_BYTES = 1L << 30;

        public Options {
            Objects.requireNonNull(host);
            Objects.requireNonNull(modelName);
            Objects.requireNonNull(type);
            Objects.requireNonNull(load);
            Objects.requireNonNull(listener);
            Objects.requireNonNull(features);
            if (limits.messageBytes() < 1 || limits.messageBytes() > MOST_MESSAGE_BYTES) {
                throw JobException.usage("A message may have 1 byte to 1 GiB: found " + limits.messageBytes() + ".");
            }
        }

        /** Plain, open to all, and quiet. */
        public static Options on(
                String host, int port, String modelName, WireType type, LlmInfo.Limits limits, Load load) {
            return new Options(
                    host, port, modelName, type, limits, null, null, load, call -> {}, FeatureStore.Limits.NONE);
        }

        /** The same with TLS; null: none. */
        public Options withTls(Tls changed) {
            return new Options(host, port, modelName, type, limits, changed, callers, load, listener, features);
        }

        /** The same for callers with a bearer token that is let in; null: for all. */
        public Options withTokens(Predicate<String> changed) {
            return withCallers(changed == null ? null : (token, headers) -> changed.test(token));
        }

        /** The same for callers whose token is let in, given the headers of the call; null: for all. */
        public Options withCallers(BiPredicate<String, Metadata> changed) {
            return new Options(host, port, modelName, type, limits, tls, changed, load, listener, features);
        }

        /** The same with another listener. */
        public Options withListener(CallListener changed) {
            return new Options(host, port, modelName, type, limits, tls, callers, load, changed, features);
        }

        /** The same with a store of features, and so with the contract's second version. */
        public Options withFeatures(FeatureStore.Limits changed) {
            return new Options(host, port, modelName, type, limits, tls, callers, load, listener, changed);
        }
    }

    /**
     * How much is held and computed at a time.
     *
     * @param queue requests that wait or run, at most
     * @param queueBytes bytes of the messages of those, at most; one request is taken whatever its size
     * @param workers requests that run, at most
     * @param arrival how long a message may take from its headers to its last byte
     * @param connections at a time
     * @param introduction how long a new connection may take until a call on it was let in, its handshake included
     */
    public record Load(
            int queue, long queueBytes, int workers, Duration arrival, int connections, Duration introduction) {

        /** As long as a client waits by default. */
        private static final Duration ARRIVAL = Duration.ofSeconds(180);

        private static final int CONNECTIONS = 2000;
        private static final Duration INTRODUCTION = Duration.ofSeconds(10);

        public Load(int queue, long queueBytes, int workers) {
            this(queue, queueBytes, workers, ARRIVAL, CONNECTIONS, INTRODUCTION);
        }

        /** The same with another time for messages. */
        Load withArrival(Duration changed) {
            return new Load(queue, queueBytes, workers, changed, connections, introduction);
        }

        /** The same with other bounds of connections. */
        Load withConnections(int most, Duration changed) {
            return new Load(queue, queueBytes, workers, arrival, most, changed);
        }
    }

    /**
     * What is held now.
     *
     * @param waiting requests in the queue
     * @param running requests being computed
     * @param bytes of the messages of both, and of answers not yet sent
     */
    public record State(int waiting, int running, long bytes) {}

    private final Server server;
    private final ServerContext desk;

    private LlmServer(Server server, ServerContext desk) {
        this.server = server;
        this.desk = desk;
    }

    /**
     * Listens.
     *
     * @throws JobException with status 2 if the address is taken or is not this machine's, or a TLS file is bad
     */
    public static LlmServer start(Options options, Backend backend) {
        InetSocketAddress address = new InetSocketAddress(options.host(), options.port());
        if (address.isUnresolved()) {
            throw JobException.usage("Host " + options.host() + " to listen on cannot be resolved.");
        }
        GRPC.setLevel(Level.SEVERE);
        ServerContext desk = new ServerContext(options, backend);
        Load load = options.load();
        Connections connections = new Connections(load.connections(), load.introduction());
        try {
            Server server = builder(options, address, connections)
                    .addService(OipService.definition(desk))
                    .fallbackHandlerRegistry(OipService.unknownMethods())
                    // So that who may not call is refused before what it sends is taken in.
                    .directExecutor()
                    .addTransportFilter(connections)
                    .addStreamTracerFactory(new Arrival.Factory())
                    .decompressorRegistry(Body.packings())
                    .maxRstFramesPerWindow(RESETS, RESETS_SECONDS)
                    .maxConnectionIdle(IDLE.toSeconds(), TimeUnit.SECONDS)
                    .handshakeTimeout(load.introduction().toMillis(), TimeUnit.MILLISECONDS)
                    .flowControlWindow(FLOW_WINDOW)
                    // What is too large is refused when so much of it is there, in the contract's words.
                    .maxInboundMessageSize(Integer.MAX_VALUE)
                    .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
                    .keepAliveTime(KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS)
                    .permitKeepAliveTime(KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS)
                    .permitKeepAliveWithoutCalls(true)
                    .build()
                    .start();
            return new LlmServer(server, desk);
        } catch (IOException e) {
            desk.stop();
            throw new JobException(
                    ExitStatus.USAGE,
                    "Cannot listen on " + options.host() + ":" + options.port() + ": "
                            + (e.getCause() == null
                                    ? e.getMessage()
                                    : e.getCause().getMessage())
                            + ". Is the port taken by another process? Choose another one; 0 takes any free one.",
                    e);
        } catch (RuntimeException e) {
            desk.stop();
            throw e;
        }
    }

    /**
     * Checks without listening.
     *
     * @throws JobException with status 2 if a TLS file is bad
     */
    public static void check(Options options) {
        Load load = options.load();
        builder(options, new InetSocketAddress(0), new Connections(load.connections(), load.introduction()));
    }

    private static NettyServerBuilder builder(Options options, InetSocketAddress address, Connections connections) {
        ServerCredentials credentials = options.tls() == null
                ? InsecureServerCredentials.create()
                : options.tls().credentials();
        try {
            return NettyServerBuilder.forAddress(address, Door.before(credentials, connections));
        } catch (IllegalArgumentException e) { // not of those without TLS
            throw new JobException(
                    ExitStatus.USAGE,
                    "TLS cannot be set up with " + options.tls().describe()
                            + ": expected PEM files with a certificate chain and its unencrypted PKCS #8 key.",
                    e);
        }
    }

    /** The port that it listens on. */
    public int port() {
        return server.getPort();
    }

    /** What its store of features holds and has done. */
    public FeatureStore.Figures features() {
        return desk.featureFigures();
    }

    /** What is held now. */
    public State state() {
        return desk.state();
    }

    /**
     * Takes no new work from now on (ServerReady is false, requests are answered NOT_READY), and lets what waits or runs
     * finish.
     *
     * @param most how long to wait for that
     * @return whether all of it was answered
     */
    public boolean drain(Duration most) {
        long end = System.nanoTime() + most.toNanos();
        boolean idle = desk.drain(most);
        // What is computed must also leave: gRPC's own end waits for the last byte of every open call.
        server.shutdown();
        try {
            return idle & server.awaitTermination(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            desk.forgetFeatures(); // also where the process ends without this server's close
        }
    }

    /** Ends at once; requests under way fail. Returns when no call is being computed any more, or 10 s later. */
    @Override
    public void close() {
        desk.drain(Duration.ZERO);
        server.shutdownNow();
        desk.stop();
        try {
            desk.awaitStop(LAST_CALLS);
            server.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static ThreadFactory daemons(String prefix) {
        AtomicInteger count = new AtomicInteger();
        return work -> {
            Thread thread = new Thread(work, prefix + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
