package org.fednano.llm.client;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.algorithm.Wire;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.client.EndpointBalancer.Place;
import org.fednano.llm.client.EndpointBalancer.Visit;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.wire.BatchSplitter;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.Responses;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.Features;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Endpoints with one model between them, and the contract's reaction to each failure of theirs. For many threads. */
final class EndpointPool implements AutoCloseable, BatchSplitter.Asked {

    private static final Logger LOG = LoggerFactory.getLogger(EndpointPool.class);

    /** How often features are brought for one call; a store that lets them go meanwhile is too small for it. */
    private static final int BRINGS = 2;

    /** One endpoint; greeted before its first request. */
    private static final class Endpoint {
        private final EndpointConnection link;
        private final EndpointFeatures features;
        private boolean greeted;
        private volatile boolean second; // whether it takes the contract's second version

        Endpoint(EndpointConnection link, EndpointFeatures features) {
            this.link = link;
            this.features = features;
        }
    }

    /** What is asked of an endpoint. */
    private interface Part<T> {
        T of(Endpoint endpoint);
    }

    private final OipOptions options;
    private final EndpointBalancer places;
    private final List<Endpoint> endpoints;
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong retries = new AtomicLong();
    private final AtomicLong splits = new AtomicLong();
    private final AtomicLong misses = new AtomicLong();
    private volatile ServedModel model;
    private volatile String modelFrom;
    private volatile BatchSplitter splitting;

    private EndpointPool(OipOptions options, WaitingClock waiting, List<Endpoint> endpoints) {
        this.options = options;
        this.endpoints = endpoints;
        places = new EndpointBalancer(endpoints.size(), options.inFlight(), options.retry(), waiting);
    }

    /** Connects to what answers; at least one endpoint must. */
    static EndpointPool open(OipOptions options, WaitingClock waiting, boolean share) {
        List<EndpointAddress> addresses =
                options.addresses().stream().map(EndpointAddress::of).toList();
        String run = options.run() == null ? newSecret() : options.run();
        List<Endpoint> endpoints = new ArrayList<>();
        EndpointPool pool = null;
        try {
            for (EndpointAddress address : addresses) {
                EndpointConnection link = new EndpointConnection(address, options, share);
                endpoints.add(new Endpoint(link, new EndpointFeatures(link, options.modelName(), run)));
            }
            pool = new EndpointPool(options, waiting, endpoints);
            pool.connect();
            return pool;
        } catch (RuntimeException | Error e) {
            endpoints.forEach(endpoint -> endpoint.link.close());
            throw e;
        }
    }

    /** It never touches a result, so it needs no seed. */
    private static String newSecret() {
        byte[] bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private void connect() {
        Visit visit = places.begin();
        LlmException last = null;
        for (int e = 0; e < endpoints.size(); e++) {
            try {
                greet(endpoints.get(e));
            } catch (LlmException failure) {
                Reason.Remedy remedy = failure.reason().remedy();
                if (remedy != Reason.Remedy.RETRY && remedy != Reason.Remedy.RETRY_ONCE) {
                    throw refused(failure);
                }
                last = failure;
                LOG.warn("An endpoint does not answer yet: {}", failure.getMessage());
                places.away(e, visit);
            }
        }
        if (model == null) {
            try {
                retried(visit, last, endpoint -> model.info());
            } catch (LlmException failure) {
                throw refused(failure);
            }
        }
    }

    /** What a hand-shake's failure means for the run: the endpoint is not one of this contract. */
    private static RuntimeException refused(LlmException failure) {
        if (failure.reason().remedy() == Reason.Remedy.STRAGGLE) {
            return new RoundClosedException(failure.getMessage());
        }
        return failure.reason().remedy() == Reason.Remedy.STOP
                ? stop(failure)
                : new JobException(
                        ExitStatus.BAD_INPUT,
                        "The endpoint does not keep to the contract, the hand-shake failed: " + failure.getMessage()
                                + ". 'fednano endpoint check' tells more.",
                        failure);
    }

    private void greet(Endpoint endpoint) {
        synchronized (endpoint) {
            if (!endpoint.greeted) {
                agree(endpoint, EndpointHandshake.greet(endpoint.link, options));
                endpoint.greeted = true;
            }
        }
    }

    private synchronized void agree(Endpoint endpoint, ServedModel found) {
        String address = endpoint.link.address().toString();
        if (model != null && !model.same(found)) {
            throw JobException.badInput("All endpoints must have the same model and types: " + modelFrom + " has "
                    + model.text() + ", but " + address + " has " + found.text()
                    + ". Remove one of them from llm.endpoints.");
        }
        endpoint.second = found.info().version() >= Requests.VERSION_2 && options.wire() != Wire.EMBEDDINGS;
        if (options.wire() == Wire.CODES && !endpoint.second) {
            throw JobException.usage("llm.wire = 2 needs endpoints with the contract's second version: " + address
                    + " says that it has the first alone. Set llm.wire to auto or 1, or give that endpoint a store"
                    + " (endpoint.features_memory).");
        }
        BatchSplitter own = BatchSplitter.of(found.info(), found.type(), options.maxMessage());
        if (model == null) {
            splitting = own;
            modelFrom = address;
            model = found;
        } else {
            splitting = splitting.and(own);
        }
    }

    LlmInfo info() {
        return model.info();
    }

    WireType type() {
        return model.type();
    }

    /** Codes, once one endpoint that was greeted takes them: what another does not is made into embeddings for it. */
    Wire wire() {
        if (endpoints.stream().noneMatch(e -> e.second)) {
            return Wire.EMBEDDINGS;
        }
        return options.wire() == Wire.AUTO && type() != WireType.FP32 ? Wire.AUTO_HALF : options.wire();
    }

    void onFeaturesSent(Consumer<Features> told) {
        endpoints.forEach(endpoint -> endpoint.features.onSent(told));
    }

    OipLlm.Counters counters() {
        return new OipLlm.Counters(
                requests.get(),
                retries.get(),
                splits.get(),
                places.awaySeconds(),
                places.queuedSeconds(),
                endpoints.stream().mapToLong(e -> e.features.sentBytes()).sum(),
                misses.get());
    }

    /** Asks, in parts if need be. */
    <R> R call(LlmCall<R> call) {
        return splitting.ask(call, this, splits::incrementAndGet);
    }

    @Override
    public <R> R ask(LlmCall<R> call) {
        ServedModel asked = model;
        CodedPrompts coded = call.coded();
        // Once, not once a try: encoding a batch to a half type takes its time.
        ModelInferRequest request = coded == null ? request(call, asked, null) : null;
        return retried(places.begin(), null, endpoint -> {
            if (coded == null) {
                return infer(endpoint, request, call, asked);
            }
            R answer = endpoint.second ? byCodes(endpoint, call, coded, asked) : null;
            // What cannot be done by codes is done by embeddings: it costs traffic, never the result.
            return answer != null ? answer : call.on(new DirectLlm(endpoint.link, options, asked));
        });
    }

    private ModelInferRequest request(LlmCall<?> call, ServedModel asked, String run) {
        return Requests.of(options.modelName(), asked.info().fingerprint(), call, asked.type(), run);
    }

    private <R> R infer(Endpoint endpoint, ModelInferRequest request, LlmCall<R> call, ServedModel asked) {
        requests.incrementAndGet();
        String what = call.shapes();
        String fingerprint = asked.info().fingerprint();
        var answer = endpoint.link.infer(request, what);
        return endpoint.link.named(
                what,
                () -> Responses.read(answer, call, fingerprint, asked.info().hidden(), asked.type()));
    }

    /** Null if the endpoint does not hold the features when it is asked, though they were just brought. */
    private <R> R byCodes(Endpoint endpoint, LlmCall<R> call, CodedPrompts prompts, ServedModel asked) {
        ModelInferRequest request = request(call, asked, endpoint.features.run());
        for (int i = 0; i < BRINGS; i++) {
            if (!endpoint.features.bring(prompts.features(), asked.info(), splitting.limits())) {
                return null;
            }
            try {
                return infer(endpoint, request, call, asked);
            } catch (LlmException e) {
                if (e.reason() != Reason.MISS) {
                    throw e;
                }
                misses.incrementAndGet();
                endpoint.features.forget();
            }
        }
        return null;
    }

    /**
     * Does a part at one endpoint after the other until one answers, or the failure is not one that passes.
     *
     * @param last why the endpoints did not answer so far; null if none was asked
     */
    private <T> T retried(Visit visit, LlmException last, Part<T> part) {
        boolean again = false;
        LlmException why = last;
        while (true) {
            Place place = take(visit, why);
            Endpoint endpoint = endpoints.get(place.endpoint());
            if (why != null) {
                retries.incrementAndGet();
            }
            boolean answered = false;
            try {
                if (place.trial()) {
                    endpoint.link.ping();
                }
                greet(endpoint);
                T answer = part.of(endpoint);
                answered = true;
                places.answered(place);
                return answer;
            } catch (LlmException e) {
                answered = true;
                why = e;
                switch (e.reason().remedy()) {
                    case RETRY -> {
                        LOG.warn("An endpoint rests: {}", e.getMessage());
                        places.away(place, visit);
                    }
                    case RETRY_ONCE -> {
                        places.answeredBadly(place, visit);
                        if (again) {
                            throw e;
                        }
                        LOG.warn("Asking once more: {}", e.getMessage());
                        again = true;
                    }
                    case STRAGGLE -> {
                        places.answered(place);
                        throw new RoundClosedException(e.getMessage());
                    }
                    case STOP -> {
                        places.answered(place);
                        throw stop(e);
                    }
                    case FAIL, SPLIT -> {
                        places.answered(place);
                        throw e;
                    }
                }
            } finally {
                if (!answered) {
                    places.left(place);
                }
            }
        }
    }

    private Place take(Visit visit, LlmException why) {
        Place place;
        try {
            place = places.take(visit);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for an endpoint of " + options.addresses(), e);
        }
        if (place == null) {
            throw new JobException(
                    ExitStatus.ENDPOINT_UNAVAILABLE,
                    "None of the endpoints " + options.addresses() + " answered within "
                            + options.retry().tries() + " tries each (llm.tries, llm.backoff)"
                            + (why == null ? "" : "; the last failure: " + why.getMessage()),
                    why);
        }
        return place;
    }

    private static JobException stop(LlmException failure) {
        ExitStatus status =
                switch (failure.reason()) {
                    case FINGERPRINT -> ExitStatus.BAD_INPUT;
                    case ENDPOINT_DOWN -> ExitStatus.ENDPOINT_UNAVAILABLE;
                    default -> ExitStatus.USAGE;
                };
        String hint =
                switch (failure.reason()) {
                    case AUTH -> " Check llm.token_file and llm.tls.*.";
                    case NO_MODEL -> " Check llm.model_name.";
                    case VERSION -> " Client and endpoint must speak the same version of the contract.";
                    case FINGERPRINT -> " The endpoint has another model than this run began with.";
                    default -> "";
                };
        return new JobException(status, failure.getMessage() + hint, failure);
    }

    @Override
    public void close() {
        places.close();
        ServedModel asked = model;
        if (options.run() == null && asked != null) {
            endpoints.forEach(endpoint -> endpoint.features.drop(asked.info()));
        }
        endpoints.forEach(endpoint -> endpoint.link.close());
    }
}
