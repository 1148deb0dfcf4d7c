package org.fednano.llm.client;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.client.EndpointBalancer.Place;
import org.fednano.llm.client.EndpointBalancer.Visit;
import org.fednano.llm.client.OipLlm.Options;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.wire.BatchSplitter;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.Responses;
import org.fednano.llm.wire.WireType;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Endpoints with one model between them, and the contract's reaction to each failure of theirs. For many threads. */
final class EndpointPool implements AutoCloseable, BatchSplitter.Asked {

    private static final Logger LOG = LoggerFactory.getLogger(EndpointPool.class);

    /** One endpoint; greeted before its first request. */
    private static final class Endpoint {
        private final EndpointConnection link;
        private boolean greeted;

        Endpoint(EndpointConnection link) {
            this.link = link;
        }
    }

    /** What is asked of an endpoint. */
    private interface Part<T> {
        T of(Endpoint endpoint);
    }

    private final Options options;
    private final EndpointBalancer places;
    private final List<Endpoint> endpoints;
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong retries = new AtomicLong();
    private final AtomicLong splits = new AtomicLong();
    private volatile ServedModel model;
    private volatile String modelFrom;
    private volatile BatchSplitter splitting;

    private EndpointPool(Options options, WaitingClock waiting, List<Endpoint> endpoints) {
        this.options = options;
        this.endpoints = endpoints;
        places = new EndpointBalancer(endpoints.size(), options.inFlight(), options.retry(), waiting);
    }

    /** Connects to what answers; at least one endpoint must. */
    static EndpointPool open(Options options, WaitingClock waiting, boolean share) {
        List<EndpointAddress> addresses =
                options.addresses().stream().map(EndpointAddress::of).toList();
        List<Endpoint> endpoints = new ArrayList<>();
        EndpointPool pool = null;
        try {
            for (EndpointAddress address : addresses) {
                endpoints.add(new Endpoint(new EndpointConnection(address, options, share)));
            }
            pool = new EndpointPool(options, waiting, endpoints);
            pool.connect();
            return pool;
        } catch (RuntimeException | Error e) {
            endpoints.forEach(endpoint -> endpoint.link.close());
            throw e;
        }
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

    OipLlm.Counters counters() {
        return new OipLlm.Counters(
                requests.get(), retries.get(), splits.get(), places.awaySeconds(), places.queuedSeconds());
    }

    /** Asks, in parts if need be. */
    <R> R call(LlmCall<R> call) {
        return splitting.ask(call, this, splits::incrementAndGet);
    }

    @Override
    public <R> R ask(LlmCall<R> call) {
        ServedModel asked = model;
        String fingerprint = asked.info().fingerprint();
        String what = call.shapes();
        // Once, not once a try: encoding a batch to a half type takes its time.
        ModelInferRequest request = Requests.of(options.modelName(), fingerprint, call, asked.type());
        return retried(places.begin(), null, endpoint -> {
            requests.incrementAndGet();
            var answer = endpoint.link.infer(request, what);
            return endpoint.link.named(
                    what,
                    () -> Responses.read(answer, call, fingerprint, asked.info().hidden(), asked.type()));
        });
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
        endpoints.forEach(endpoint -> endpoint.link.close());
    }
}
