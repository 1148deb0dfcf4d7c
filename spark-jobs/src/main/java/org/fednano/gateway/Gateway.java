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
 * after a client's deadline or outside an open round, bounds what is under way, joins calls into batches if told to, and
 * counts bytes and seconds.
 *
 * <p>Memory: the bytes of {@link GatewayOptions#maxInflightBytes}, and one meter per client of the open rounds, which
 * {@link #end} forgets.
 */
public final class Gateway implements AutoCloseable {

    private static final Map<String, Gateway> OPEN = new ConcurrentHashMap<>();

    private record Work(Purpose purpose, int round) {}

    private final Pipeline pipeline;
    private final GatewayOptions options;
    private final LongSupplier nanoTime;
    private final String token = GatewayAddress.newToken();
    private final Map<Work, Map<String, ClientAccount>> open = new ConcurrentHashMap<>();
    private GatewayServer server;

    /**
     * @param llm the endpoint; stays the caller's to close
     */
    public Gateway(FrozenLlm llm, GatewayOptions options) {
        this(llm, options, System::nanoTime);
    }

    Gateway(FrozenLlm llm, GatewayOptions options, LongSupplier nanoTime) {
        this.pipeline = new Pipeline(llm, options, this::anyoneMayCome);
        this.options = options;
        this.nanoTime = nanoTime;
        OPEN.put(token, this);
    }

    private boolean anyoneMayCome() {
        return open.values().stream()
                .flatMap(clients -> clients.values().stream())
                .anyMatch(ClientAccount::mayCome);
    }

    static Gateway find(String token) {
        return OPEN.get(token);
    }

    /**
     * Opens it to executors in processes of their own.
     *
     * @throws org.fednano.settings.JobException with status 2 if it cannot listen as told
     */
    public void listen(GatewayNetwork network) {
        server = GatewayServer.start(this, network, options, token);
    }

    /** Where partitions find it. */
    public GatewayAddress address() {
        return server == null ? new GatewayAddress.InProcess(token) : server.address();
    }

    /** What the endpoint says of itself. */
    public LlmInfo info() {
        return pipeline.info();
    }

    /** What it has done so far. */
    public GatewayFigures figures() {
        return pipeline.figures();
    }

    /** Calls that wait for their turn at the LLM or for others to join. */
    int waitingCalls() {
        return pipeline.waiting();
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
        Map<String, ClientAccount> meters = open.remove(new Work(purpose, round));
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

    /** A client's task has ended, however: no call of it is worth waiting for. */
    public void left(Purpose purpose, int round, String clientId) {
        ClientAccount meter =
                open.getOrDefault(new Work(purpose, round), Map.of()).get(clientId);
        if (meter != null) {
            meter.leave();
            pipeline.changed();
        }
    }

    /**
     * The session of one attempt of a client's task; the first call opens it, and its deadline starts to count.
     *
     * @param id of the attempt
     * @throws RoundClosedException if that round is not open
     */
    GatewaySession session(Purpose purpose, int round, String clientId, String id) {
        Work work = new Work(purpose, round);
        Map<String, ClientAccount> meters = open.get(work);
        if (meters == null) {
            throw notOpen(purpose, round, clientId);
        }
        long limit = purpose == Purpose.TRAIN ? options.clientDeadline().toNanos() : Long.MAX_VALUE;
        GatewaySession session = meters.computeIfAbsent(clientId, c -> new ClientAccount(nanoTime))
                .session(id, meter -> new GatewaySession(pipeline, clientId, round, meter, limit));
        if (open.get(work) != meters) {
            // It ended meanwhile, perhaps before it saw this meter: nobody would ever close it.
            throw notOpen(purpose, round, clientId);
        }
        return session;
    }

    private static RoundClosedException notOpen(Purpose purpose, int round, String clientId) {
        return new RoundClosedException("Round " + round + " is not open for " + purpose + " (client " + clientId
                + "): it has ended or never began.");
    }

    /** Ends all rounds and the token, and waits some seconds for the calls that the LLM is at. The LLM stays open. */
    @Override
    public void close() {
        OPEN.remove(token);
        if (server != null) {
            server.close();
        }
        open.keySet().forEach(work -> end(work.purpose(), work.round()));
        pipeline.close();
    }
}
