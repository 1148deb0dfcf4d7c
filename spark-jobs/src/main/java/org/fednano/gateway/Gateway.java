package org.fednano.gateway;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.algorithm.Wire;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;

/**
 * The driver's side of the gateway: it alone holds the endpoint, opens a session per client and round, refuses calls
 * of others than the cohort, after a client's deadline or outside an open round, bounds what is under way, joins calls into batches if told to, and
 * counts bytes and seconds.
 *
 * <p>Memory: the bytes of {@link GatewayOptions#maxInflightBytes}, and one account per client of the open rounds with a
 * session per attempt, which {@link #end} forgets.
 */
public final class Gateway implements AutoCloseable {

    private static final Map<String, Gateway> OPEN = new ConcurrentHashMap<>();

    private record Work(Purpose purpose, int round) {}

    private record Accounts(Set<String> cohort, Map<String, ClientAccount> byClient) {}

    private final Pipeline pipeline;
    private final GatewayOptions options;
    private final LongSupplier nanoTime;
    private final String id = GatewayAddress.newKey();
    private final String key = GatewayAddress.newKey();
    private final Map<Work, Accounts> open = new ConcurrentHashMap<>();
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
        OPEN.put(id, this);
    }

    private boolean anyoneMayCome() {
        return open.values().stream()
                .flatMap(clients -> clients.byClient().values().stream())
                .anyMatch(ClientAccount::mayCome);
    }

    static Gateway find(String id) {
        return OPEN.get(id);
    }

    /**
     * Opens it to executors in processes of their own.
     *
     * @throws org.fednano.settings.JobException with status 2 if it cannot listen as told
     */
    public void listen(GatewayNetwork network) {
        server = GatewayServer.start(this, network, options);
    }

    /** Where partitions find it. */
    public GatewayAddress address() {
        return server == null ? new GatewayAddress.InProcess(id) : server.address();
    }

    /** What the endpoint says of itself. */
    public LlmInfo info() {
        return pipeline.info();
    }

    /** How prompts are brought to the endpoint. */
    Wire wire() {
        return pipeline.wire();
    }

    /** What it has done so far. */
    public GatewayFigures figures() {
        return pipeline.figures();
    }

    /** Calls that wait for their turn at the LLM or for others to join. */
    int waitingCalls() {
        return pipeline.waiting();
    }

    /** Lets these clients' sessions in for a round, and nobody else's. */
    public void begin(Purpose purpose, int round, Collection<String> cohort) {
        open.put(new Work(purpose, round), new Accounts(Set.copyOf(cohort), new ConcurrentHashMap<>()));
    }

    /** What a client's task needs to be let in; for that task alone. */
    public GatewayPass pass(Purpose purpose, int round, String clientId) {
        return GatewayPass.of(key, purpose, round, clientId);
    }

    /**
     * Closes a round: whoever still calls is told so.
     *
     * @return what each client moved, attempts of one client added up, by client id; empty if it was not open
     */
    public Map<String, Traffic> end(Purpose purpose, int round) {
        Accounts accounts = open.remove(new Work(purpose, round));
        Map<String, Traffic> traffic = new TreeMap<>();
        if (accounts != null) {
            accounts.byClient().forEach((client, meter) -> traffic.put(client, meter.close()));
        }
        return traffic;
    }

    /**
     * How long ago each client of an open round began, by client id: who has started, and who should be done.
     */
    public Map<String, Duration> started(Purpose purpose, int round) {
        Map<String, Duration> ages = new TreeMap<>();
        accounts(purpose, round)
                .forEach((client, meter) -> ages.put(client, Duration.ofNanos(meter.now() - meter.startedAt())));
        return ages;
    }

    /** A client's task has ended, however: no call of it is worth waiting for. */
    public void left(Purpose purpose, int round, String clientId) {
        ClientAccount meter = accounts(purpose, round).get(clientId);
        if (meter != null) {
            meter.leave();
            pipeline.changed();
        }
    }

    /** The cluster has lost a client's task and begins it anew: its next attempt has a deadline of its own. */
    public void lost(Purpose purpose, int round, String clientId) {
        ClientAccount meter = accounts(purpose, round).get(clientId);
        if (meter != null) {
            meter.lost();
        }
    }

    private Map<String, ClientAccount> accounts(Purpose purpose, int round) {
        Accounts accounts = open.get(new Work(purpose, round));
        return accounts == null ? Map.of() : accounts.byClient();
    }

    /** As {@link GatewayAddress#open}, after a look at the pass. */
    GatewaySession session(GatewayPass pass) {
        if (!pass(pass.purpose(), pass.round(), pass.clientId())
                .of(pass.attempt())
                .isProvedBy(pass.token())) {
            throw new LlmException(Reason.AUTH, "The pass is none of this run's gateway");
        }
        return session(GatewayHeaders.of(pass));
    }

    /**
     * The session of one attempt of a client's task, who has proved who he is; the first call opens it, and its deadline
     * starts to count.
     *
     * @throws RoundClosedException if that round is not open
     * @throws LlmException AUTH if the client is not of its cohort; BAD_REQUEST beyond the attempts that there can be
     */
    GatewaySession session(GatewayHeaders who) {
        Purpose purpose = who.purpose();
        int round = who.round();
        String clientId = who.clientId();
        Work work = new Work(purpose, round);
        Accounts meters = open.get(work);
        if (meters == null) {
            throw notOpen(purpose, round, clientId);
        }
        LlmException.require(
                meters.cohort().contains(clientId),
                Reason.AUTH,
                "A caller of round " + round,
                "of its cohort",
                "another");
        long limit = purpose == Purpose.TRAIN ? options.clientDeadline().toNanos() : Long.MAX_VALUE;
        GatewaySession session = meters.byClient()
                .computeIfAbsent(clientId, c -> new ClientAccount(nanoTime))
                .session(who.attempt(), meter -> new GatewaySession(pipeline, who, meter, limit));
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

    /** Ends all rounds, and waits some seconds for the calls that the LLM is at. The LLM stays open. */
    @Override
    public void close() {
        OPEN.remove(id);
        if (server != null) {
            server.close();
        }
        open.keySet().forEach(work -> end(work.purpose(), work.round()));
        pipeline.close();
    }
}
