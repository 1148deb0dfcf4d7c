package org.fednano.gateway;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmInfo;

/**
 * The driver's side of the gateway: it alone holds the endpoint, opens a session per client and round, refuses calls
 * after a client's deadline or outside an open round, and counts bytes and seconds. Calls of several partitions go on
 * to the LLM side by side; the LLM takes them one at a time if it must.
 *
 * <p>Memory: one meter per client of the open rounds; {@link #end} forgets them.
 */
public final class Gateway implements AutoCloseable {

    private static final Map<String, Gateway> OPEN = new ConcurrentHashMap<>();

    private record Work(Purpose purpose, int round) {}

    private final FrozenLlm llm;
    private final Duration clientDeadline;
    private final LongSupplier nanoTime;
    private final String token = GatewayAddress.newToken();
    private final Map<Work, Map<String, Meter>> open = new ConcurrentHashMap<>();

    /**
     * @param llm the endpoint; stays the caller's to close
     * @param clientDeadline how long a client may train, from its session's start
     */
    public Gateway(FrozenLlm llm, Duration clientDeadline) {
        this(llm, clientDeadline, System::nanoTime);
    }

    Gateway(FrozenLlm llm, Duration clientDeadline, LongSupplier nanoTime) {
        this.llm = llm;
        this.clientDeadline = clientDeadline;
        this.nanoTime = nanoTime;
        OPEN.put(token, this);
    }

    static Gateway find(String token) {
        return OPEN.get(token);
    }

    /** Where partitions find it. */
    public GatewayAddress address() {
        return new GatewayAddress.InProcess(token);
    }

    /** What the endpoint says of itself. */
    public LlmInfo info() {
        return llm.info();
    }

    /** Lets sessions in for a round. */
    public void begin(Purpose purpose, int round) {
        open.put(new Work(purpose, round), new ConcurrentHashMap<>());
    }

    /**
     * Closes a round: whoever still calls is told so.
     *
     * @return what each client moved, attempts of one client added up, by client id; empty if it was not open
     */
    public Map<String, Traffic> end(Purpose purpose, int round) {
        Map<String, Meter> meters = open.remove(new Work(purpose, round));
        Map<String, Traffic> traffic = new TreeMap<>();
        if (meters != null) {
            meters.forEach((client, meter) -> traffic.put(client, meter.close()));
        }
        return traffic;
    }

    /**
     * How long ago each client of an open round opened its latest session, by client id: who has started, and who should
     * be done.
     */
    public Map<String, Duration> started(Purpose purpose, int round) {
        Map<String, Duration> ages = new TreeMap<>();
        open.getOrDefault(new Work(purpose, round), Map.of())
                .forEach((client, meter) -> ages.put(client, Duration.ofNanos(meter.now() - meter.startedAt())));
        return ages;
    }

    GatewaySession open(Purpose purpose, int round, String clientId) {
        Map<String, Meter> meters = open.get(new Work(purpose, round));
        if (meters == null) {
            throw new RoundClosedException("Round " + round + " is not open for " + purpose + " (client " + clientId
                    + "): it has ended or never began.");
        }
        Meter meter = meters.computeIfAbsent(clientId, c -> new Meter(nanoTime));
        long limit = purpose == Purpose.TRAIN ? clientDeadline.toNanos() : Long.MAX_VALUE;
        GatewaySession session = new GatewaySession(llm, clientId, round, meter, meter.start(), limit);
        session.info();
        return session;
    }

    /** Ends all rounds and the token. The LLM stays open. */
    @Override
    public void close() {
        OPEN.remove(token);
        open.keySet().forEach(work -> end(work.purpose(), work.round()));
    }
}
