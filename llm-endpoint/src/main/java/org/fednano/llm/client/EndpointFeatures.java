package org.fednano.llm.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.Responses;
import org.fednano.llm.wire.StoreCall;
import org.fednano.sample.Features;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one endpoint holds of a run's features, as far as this side knows, and the way to bring it more. For many threads. */
final class EndpointFeatures {

    private static final Logger LOG = LoggerFactory.getLogger(EndpointFeatures.class);

    /** Names that are remembered; with more, all are forgotten and asked for again. */
    private static final int MOST_NAMES = 1 << 17;

    private static final Duration FAREWELL = Duration.ofSeconds(5);

    private final EndpointConnection link;
    private final String modelName;
    private final String run;
    private final Set<String> held = ConcurrentHashMap.newKeySet();
    private final AtomicLong sentBytes = new AtomicLong();
    private volatile Consumer<Features> told = sent -> {};

    EndpointFeatures(EndpointConnection link, String modelName, String run) {
        this.link = link;
        this.modelName = modelName;
        this.run = run;
    }

    /**
     * Sees to it that the endpoint holds features, as far as it can.
     *
     * @param limits of one request
     * @return false if it cannot hold them: they take more than its whole store, or more than a message
     */
    boolean bring(List<Features> features, LlmInfo info, LlmInfo.Limits limits) {
        Map<String, Features> unknown = new LinkedHashMap<>();
        features.stream().filter(f -> !held.contains(f.id())).forEach(f -> unknown.put(f.id(), f));
        if (unknown.isEmpty()) {
            return true;
        }
        if (held.size() > MOST_NAMES) {
            held.clear();
        }
        List<String> ids = List.copyOf(unknown.keySet());
        boolean[] there = ask(new StoreCall.Have(run, ids), ids.size(), info);
        for (int i = 0; i < there.length; i++) {
            if (there[i]) {
                held.add(ids.get(i));
                unknown.remove(ids.get(i));
            }
        }
        List<Features> part = new ArrayList<>();
        long tokens = 0;
        for (Features some : unknown.values()) {
            part.add(some);
            tokens += some.tokens();
            if (part.size() > 1 && (tokens > limits.tokens() || Requests.putBytes(part) > limits.messageBytes())) {
                part.remove(part.size() - 1);
                if (!put(part, info)) {
                    return false;
                }
                part = new ArrayList<>(List.of(some));
                tokens = some.tokens();
            }
        }
        boolean fits = tokens <= limits.tokens() && Requests.putBytes(part) <= limits.messageBytes();
        return fits && (part.isEmpty() || put(part, info));
    }

    private boolean put(List<Features> features, LlmInfo info) {
        boolean[] now = ask(new StoreCall.Put(run, features), features.size(), info);
        boolean all = true;
        for (int i = 0; i < now.length; i++) {
            if (now[i]) {
                held.add(features.get(i).id());
            }
            all &= now[i];
        }
        sentBytes.addAndGet(features.stream().mapToLong(Features::bytes).sum());
        features.forEach(told);
        return all;
    }

    private boolean[] ask(StoreCall call, int features, LlmInfo info) {
        var answer = link.infer(Requests.store(modelName, info.fingerprint(), call), call.toString());
        return link.named(call.toString(), () -> Responses.readHeld(answer, info.fingerprint(), features));
    }

    /** The endpoint let something go, or was started anew: from now on it is asked what it holds. */
    void forget() {
        held.clear();
    }

    /** The run is over; an endpoint that does not hear it forgets by itself, later. */
    void drop(LlmInfo info) {
        if (held.isEmpty()) {
            return;
        }
        try {
            link.infer(Requests.store(modelName, info.fingerprint(), new StoreCall.Drop(run)), "drop", FAREWELL);
        } catch (LlmException e) {
            LOG.debug("An endpoint keeps a run's features for a while: {}", e.getMessage());
        }
    }

    void onSent(Consumer<Features> toldFromNow) {
        told = toldFromNow;
    }

    String run() {
        return run;
    }

    long sentBytes() {
        return sentBytes.get();
    }
}
