package org.fednano.llm.server;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.Requests;

/** What all calls of one server share: options, backend, queue and workers. */
final class ServerContext {

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final String BEARER = "Bearer ";
    private static final int READERS = 4;

    private final LlmServer.Options options;
    private final Backend backend;
    private final Admission admission;
    private final ThreadPoolExecutor workers;
    private final ExecutorService readers;
    private final ScheduledThreadPoolExecutor timer;
    private final FeatureStore features; // null: the contract's first version alone
    private final AtomicInteger running = new AtomicInteger();
    private final LineBudget traces = new LineBudget();

    ServerContext(LlmServer.Options options, Backend backend) {
        this.options = options;
        this.backend = backend;
        LlmServer.Load load = options.load();
        admission =
                new Admission(load.queue(), load.queueBytes(), options.limits().messageBytes());
        // Neither workers' nor readers' queue needs a bound of its own: whatever comes there was admitted before.
        workers = new ThreadPoolExecutor(
                load.workers(),
                load.workers(),
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                LlmServer.daemons("llm-server-worker-"));
        readers = Executors.newFixedThreadPool(READERS, LlmServer.daemons("llm-server-reader-"));
        timer = new ScheduledThreadPoolExecutor(1, LlmServer.daemons("llm-server-timer-"));
        timer.setRemoveOnCancelPolicy(true);
        features = options.features().memory() == 0 ? null : new FeatureStore(options.features());
        if (features != null) {
            timer.scheduleWithFixedDelay(features::sweep, 1, 1, TimeUnit.MINUTES);
        }
    }

    LlmServer.Options options() {
        return options;
    }

    Backend backend() {
        return backend;
    }

    Admission admission() {
        return admission;
    }

    ThreadPoolExecutor workers() {
        return workers;
    }

    /** Threads that take in and check messages; each holds one while it reads it. */
    ExecutorService readers() {
        return readers;
    }

    ScheduledExecutorService timer() {
        return timer;
    }

    /** The store as this caller sees it; null: there is none. */
    HeldFeatures features(Metadata headers) {
        return features == null ? null : new HeldFeatures(features, backend.owner(headers));
    }

    /** What the store holds and has done. */
    FeatureStore.Figures featureFigures() {
        return features == null ? new FeatureStore.Figures(0, 0, 0, 0, 0, 0) : features.figures();
    }

    /** How many traces of failures are logged. */
    LineBudget traces() {
        return traces;
    }

    AtomicInteger running() {
        return running;
    }

    /** Whether new requests are taken. */
    boolean ready() {
        return admission.isOpen() && backend.ready();
    }

    /** @throws LlmException NOT_READY */
    void requireReady() {
        admission.requireOpen();
        if (!backend.ready()) {
            throw new LlmException(Reason.NOT_READY, "The server is starting and takes no requests yet");
        }
    }

    /** @throws LlmException AUTH, which says nothing about the token */
    void requireToken(ServerCall<?, ?> call, Metadata headers) {
        if (options.callers() != null) {
            requireToken(headers);
        }
        Connections.of(call).used();
    }

    private void requireToken(Metadata headers) {
        String header = headers.get(AUTHORIZATION);
        if (header == null || !header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            throw new LlmException(
                    Reason.AUTH, "A bearer token is needed: expected header 'authorization: Bearer ...'");
        }
        if (!options.callers().test(header.substring(BEARER.length()).strip(), headers)) {
            throw new LlmException(Reason.AUTH, "The bearer token is not one that is let in");
        }
    }

    /** @throws LlmException NO_MODEL */
    void requireModel(String name) {
        // The asked name is the caller's text: not repeated.
        LlmException.require(
                name.equals(options.modelName()),
                Reason.NO_MODEL,
                "The model's name",
                options.modelName(),
                "another of " + name.length() + " characters");
    }

    /** What callers are told: the backend's limits, or the server's where they are tighter. */
    LlmInfo info() {
        return limited(backend.info());
    }

    /** The same, as the one who answers this caller says it: a backend may refuse it. */
    LlmInfo info(Metadata headers) {
        return limited(backend.llm(headers).info());
    }

    private LlmInfo limited(LlmInfo info) {
        LlmInfo.Limits limits = new LlmInfo.Limits(
                Math.min(info.limits().tokens(), options.limits().tokens()),
                Math.min(info.limits().messageBytes(), options.limits().messageBytes()));
        return new LlmInfo(
                info.name(),
                info.fingerprint(),
                info.hidden(),
                info.vocabulary(),
                info.layers(),
                info.dtype(),
                limits,
                info.probe(),
                features == null ? Requests.VERSION : Requests.VERSION_2);
    }

    LlmServer.State state() {
        return new LlmServer.State(workers.getQueue().size(), running.get(), admission.bytes());
    }

    boolean drain(Duration most) {
        try {
            return admission.close(most);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    void stop() {
        workers.shutdownNow();
        readers.shutdownNow();
        timer.shutdownNow();
        forgetFeatures();
    }

    void forgetFeatures() {
        if (features != null) {
            features.close();
        }
    }

    void awaitStop(Duration most) throws InterruptedException {
        workers.awaitTermination(most.toNanos(), TimeUnit.NANOSECONDS);
    }
}
