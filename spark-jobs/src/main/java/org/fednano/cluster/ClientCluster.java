package org.fednano.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.fednano.adapter.AdapterLayout;
import org.fednano.cluster.EncodeJob.Depth;
import org.fednano.cluster.EncodeJob.Found;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.evaluation.EvaluateJob;
import org.fednano.evaluation.EvaluationPlan;
import org.fednano.features.ClientRuntime;
import org.fednano.features.EncoderHandle;
import org.fednano.features.EncoderWeights;
import org.fednano.gateway.Gateway;
import org.fednano.llm.FrozenLlm;
import org.fednano.prompt.PromptTokenizer;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.GatewayKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.shards.ClientLocation;
import org.fednano.shards.DataWindow;
import org.fednano.shards.Federation;
import org.fednano.shards.ShardPaths;
import org.fednano.spark.DriverGateway;
import org.fednano.weights.HfModelFolder;

/**
 * The clients of a federation on a Spark cluster, with one frozen model: encodes, trains and evaluates them, a
 * partition each. Belongs to one driver thread.
 */
public final class ClientCluster implements AutoCloseable {

    private static final Encoded NOTHING = new Encoded(List.of(), 0, List.of(), Map.of(), Map.of());

    private final JavaSparkContext spark;
    private final Settings settings;
    private final Federation federation;
    private final DataWindow window;
    private final Map<String, ClientLocation> places = new TreeMap<>();
    private final Gateway gateway;
    private final Broadcast<SerializableConfiguration> conf;
    private final EncoderWeights encoder;
    private final PromptTokenizer tokenizer;
    private final String featureKey;
    private final String llmFingerprint;
    private SparkClients clients;
    private boolean prepared;

    /**
     * @param spark a running context
     * @param settings deadline, grace, cache, evaluation
     * @param model folder of the frozen model, for its encoder and connector
     * @param edge the frozen client part, as read from it
     * @param llm the frozen LLM; stays the caller's to close
     */
    public ClientCluster(
            SparkContext spark,
            Settings settings,
            Federation federation,
            HfModelFolder model,
            NanoEdgeSpec edge,
            FrozenLlm llm) {
        this.spark = JavaSparkContext.fromSparkContext(spark);
        this.settings = settings;
        this.federation = federation;
        this.window = federation.apart() ? DataWindow.of(settings) : null;
        federation.clients().forEach(client -> places.put(client.id(), client));
        this.gateway = DriverGateway.open(spark, settings, llm);
        this.conf = this.spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
        this.encoder = new EncoderWeights(this.spark, model, settings, edge);
        this.tokenizer = new PromptTokenizer(edge.tokenizerJson());
        this.llmFingerprint = llm.info().fingerprint();
        this.featureKey = edge.featureKey(llmFingerprint);
    }

    /** Whose clients they are. */
    public Federation federation() {
        return federation;
    }

    /** Where a client is, and what of its rows is used now. */
    public ClientLocation place(String clientId) {
        return places.get(clientId);
    }

    /** Folder of this model's cached features, in words where each client has its own. */
    public String featuresFolder() {
        return ShardPaths.features(federation.apart() ? "CLIENT/_fednano" : federation.origin(), featureKey)
                .toString();
    }

    /**
     * What was found and encoded.
     *
     * @param made clients whose features were made
     * @param rows of these clients
     * @param cuts clients with prompts that were cut, now or when their features were made
     * @param trainingRows of each client that can take part
     * @param troubles why the others cannot; only where owners are apart
     */
    public record Encoded(
            List<String> made,
            long rows,
            List<Cut> cuts,
            Map<String, Long> trainingRows,
            Map<String, String> troubles) {}

    /**
     * Prompts of a client that were cut to {@code prompt.max_tokens}.
     *
     * @param prompts how many, over all splits
     * @param first id of the first sample
     */
    public record Cut(String clientId, long prompts, String first) {}

    /**
     * Sees to it that every client can train: that it has rows, and sound features if they are to be cached. Looks once;
     * later calls do nothing.
     *
     * @throws JobException with status 3 if a client's files are missing or damaged; where owners are apart, only if all are
     */
    public Encoded prepare() {
        Encoded encoded = NOTHING;
        if (!prepared) {
            encoded = see(federation.clientIds(), cached() ? Depth.EVERYTHING : Depth.ROWS, true, 1);
        }
        prepared = true;
        return encoded;
    }

    /**
     * Looks again before a round, where owners are apart: new rows are encoded, a client that was in trouble may be back.
     * Those that cannot take part fail in the round.
     *
     * @return what is new since the last look
     */
    public Encoded refresh(List<String> cohort) {
        if (!federation.apart()) {
            return NOTHING;
        }
        Map<String, String> before = troubles(cohort);
        Encoded now = see(cohort, cached() ? Depth.MARKERS : Depth.ROWS, true, 0);
        Map<String, String> troubles = new TreeMap<>(now.troubles);
        troubles.entrySet().removeAll(before.entrySet());
        return new Encoded(now.made, now.rows, now.cuts, now.trainingRows, troubles);
    }

    /**
     * Makes the features that are missing or damaged; reads and checks those that are there.
     *
     * @throws JobException as {@link #prepare}
     */
    public Encoded encode() {
        return see(federation.clientIds(), Depth.EVERYTHING, true, 1);
    }

    /** Looks only: rows and troubles of every client, nothing made. */
    public Encoded survey() {
        return see(federation.clientIds(), Depth.ROWS, false, 0);
    }

    private boolean cached() {
        return settings.get(ModelKeys.ENCODER_CACHE);
    }

    /**
     * @param depth with {@code MARKERS}, between rounds, prompts that were cut are told of new features only
     * @param make whether missing features are made
     * @param atLeast clients that must be able to take part where owners are apart; elsewhere all must
     */
    private Encoded see(List<String> ids, Depth depth, boolean make, int atLeast) {
        EncodeJob encoding = new EncodeJob(spark.sc(), gateway, settings.get(RunKeys.STALL_TIMEOUT));
        Map<String, ClientLocation> missing = new TreeMap<>();
        Map<String, Long> rows = new TreeMap<>();
        List<String> there = federation.apart() ? list(encoding, ids, atLeast, rows) : ids;
        List<Found> all = federation.apart() && depth == Depth.ROWS
                ? List.of()
                : encoding.look(access(null), places(there), depth, !federation.apart());
        List<Found> looked = settle("look at data", all, Math.min(atLeast, all.size()));
        for (Found found : looked) {
            rows.putIfAbsent(found.clientId(), found.trainingRows());
            if (!found.missing().isEmpty()) {
                missing.put(found.clientId(), place(found.clientId()).with(found.missing()));
            }
        }
        List<Found> made = List.of();
        if (make && !missing.isEmpty()) {
            List<Found> results = encoding.make(access(encoder.handle()), List.copyOf(missing.values()));
            made = settle("encoding", results, looked.size() == missing.size() ? atLeast : 0);
        }
        Map<String, String> troubles = troubles(ids);
        rows.keySet().removeAll(troubles.keySet());
        return new Encoded(
                made.stream().map(Found::clientId).toList(),
                made.stream().mapToLong(Found::encoded).sum(),
                cuts(depth == Depth.MARKERS ? List.of() : all, made),
                rows,
                troubles);
    }

    /** Finds the segments that owners have now. */
    private List<String> list(EncodeJob encoding, List<String> ids, int atLeast, Map<String, Long> rows) {
        Duration limit = settings.get(RunKeys.OWNER_TIMEOUT);
        List<Found> listed = settle("list of data", encoding.list(access(null), places(ids), window, limit), atLeast);
        for (Found found : listed) {
            places.compute(found.clientId(), (id, place) -> place.with(found.segments()));
            rows.put(found.clientId(), found.trainingRows());
        }
        return listed.stream().map(Found::clientId).toList();
    }

    /**
     * One client's trouble is the whole job's where all rows are known to be there, and its own where owners are apart.
     *
     * @return those without trouble
     */
    private List<Found> settle(String what, List<Found> results, int atLeast) {
        List<Found> failed = results.stream().filter(Found::failed).toList();
        if (!failed.isEmpty() && (!federation.apart() || results.size() - failed.size() < atLeast)) {
            Found first = failed.get(0);
            throw new JobException(
                    first.status(),
                    "The " + what + " of client " + first.clientId() + " failed"
                            + (failed.size() > 1 ? " (and of " + (failed.size() - 1) + " more)" : "") + ": "
                            + first.error());
        }
        for (Found found : failed) {
            if (found.status() == ExitStatus.ENDPOINT_UNAVAILABLE) {
                throw new JobException(found.status(), found.error());
            }
            places.computeIfPresent(found.clientId(), (id, place) -> place.withTrouble(found.error()));
        }
        return results.stream().filter(f -> !f.failed()).toList();
    }

    private static List<Cut> cuts(List<Found> looked, List<Found> made) {
        Map<String, Cut> byClient = new TreeMap<>();
        Stream.concat(looked.stream(), made.stream())
                .filter(f -> f.cut() > 0)
                .forEach(f -> byClient.merge(
                        f.clientId(),
                        new Cut(f.clientId(), f.cut(), f.firstCut()),
                        (a, b) -> new Cut(a.clientId, a.prompts + b.prompts, a.first)));
        return List.copyOf(byClient.values());
    }

    private Map<String, String> troubles(List<String> ids) {
        Map<String, String> troubles = new TreeMap<>();
        places(ids).stream().filter(p -> !p.trouble().isEmpty()).forEach(p -> troubles.put(p.id(), p.trouble()));
        return troubles;
    }

    private List<ClientLocation> places(List<String> ids) {
        return ids.stream().map(places::get).toList();
    }

    /** The clients as partitions of a stage; one instance for the whole run. */
    public SparkClients clients() {
        if (clients == null) {
            clients = new SparkClients(
                    spark.sc(),
                    access(roundEncoder()),
                    places::get,
                    gateway,
                    settings.get(GatewayKeys.CLIENT_DEADLINE),
                    settings.get(GatewayKeys.GRACE));
        }
        return clients;
    }

    /**
     * Answers every client's own test rows, as {@code eval.splits} and {@code eval.max_samples} say.
     *
     * @param round whose adapter it is; 0: the identity
     */
    public EvaluateJob evaluate(int round, AdapterLayout layout, float[] theta) {
        int most = settings.get(RunKeys.EVAL_MAX_SAMPLES);
        EvaluationPlan plan = new EvaluationPlan(
                round,
                layout,
                theta,
                splits(settings),
                most == 0 ? Integer.MAX_VALUE : most,
                settings.get(ModelKeys.MAX_NEW_TOKENS),
                settings.get(ModelKeys.EVAL_BATCH));
        return EvaluateJob.run(
                spark,
                access(roundEncoder()),
                gateway,
                plan,
                places(federation.clientIds()),
                tokenizer::decode,
                settings.get(RunKeys.STALL_TIMEOUT));
    }

    /** The splits that {@code eval.splits} names. */
    public static List<Split> splits(Settings settings) {
        return settings.get(RunKeys.EVAL_SPLITS).stream()
                .map(name -> Split.of(name)
                        .filter(s -> s != Split.TRAIN)
                        .orElseThrow(() -> JobException.usage("Setting '" + RunKeys.EVAL_SPLITS.key()
                                + "' lists val, test or balanced: found '" + name + "'.")))
                .toList();
    }

    /** Whether encoder weights were broadcast so far. */
    boolean encoderIsBroadcast() {
        return encoder.isBroadcast();
    }

    private EncoderHandle roundEncoder() {
        return cached() ? null : encoder.handle();
    }

    private ClientRuntime access(EncoderHandle handle) {
        return new ClientRuntime(conf, featureKey, llmFingerprint, gateway.address(), handle);
    }

    @Override
    public void close() {
        if (clients != null) {
            clients.close();
        }
        gateway.close();
        encoder.close();
        tokenizer.close();
        conf.destroy();
    }
}
