package org.fednano.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.fednano.adapter.AdapterLayout;
import org.fednano.cluster.EncodeJob.Checked;
import org.fednano.cluster.EncodeJob.Depth;
import org.fednano.cluster.EncodeJob.Encoded;
import org.fednano.cluster.EncodeJob.Listed;
import org.fednano.cluster.EncodeJob.Outcome;
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

    private final JavaSparkContext spark;
    private final Settings settings;
    private final Federation federation;
    private final Map<String, ClientLocation> places = new TreeMap<>();
    private final Map<String, Long> trainingRows = new ConcurrentHashMap<>();
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
        federation.clients().forEach(client -> places.put(client.id(), client));
        if (federation instanceof Federation.Shared shared) {
            trainingRows.putAll(shared.trainingRows());
        }
        this.gateway = DriverGateway.open(spark, settings, llm);
        this.conf = this.spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
        this.encoder = new EncoderWeights(this.spark, model, settings, edge);
        this.tokenizer = new PromptTokenizer(edge.tokenizerJson());
        this.llmFingerprint = llm.info().fingerprint();
        this.featureKey = edge.featureKey(llmFingerprint);
    }

    /** Returns the federation whose clients run here. */
    public Federation federation() {
        return federation;
    }

    /** Calls to the LLM that were answered so far. */
    public long calls() {
        return gateway.figures().calls();
    }

    /** Where a client is, and what of its rows is used now. */
    public ClientLocation place(String clientId) {
        return places.get(clientId);
    }

    /** A client's training rows by the shards' manifest, or as they were listed last; 0: they were not. Any thread may ask. */
    public long trainingRows(String clientId) {
        return trainingRows.getOrDefault(clientId, 0L);
    }

    /** Folder of this model's cached features, in words where each client has its own. */
    public String featuresFolder() {
        String root = federation instanceof Federation.Catalogued ? "CLIENT/_fednano" : federation.origin();
        return ShardPaths.features(root, featureKey).toString();
    }

    /**
     * Sees to it that every client can train: that it has rows, and sound features if they are to be cached. Looks once;
     * later calls do nothing.
     *
     * @throws JobException with status 3 if a client's files are missing or damaged; of a catalogue's, only if all are
     */
    public Survey prepare() {
        Survey survey = prepared ? Survey.NOTHING : look(federation.clientIds(), depth(Depth.EVERYTHING), true, 1);
        prepared = true;
        return survey;
    }

    /**
     * Looks again before a round at a catalogue's clients: new rows are encoded, a client that was in trouble may be back.
     * Those that cannot take part fail in the round.
     *
     * @return what is new since the last look
     */
    public Survey refresh(List<String> cohort) {
        if (!(federation instanceof Federation.Catalogued)) {
            return Survey.NOTHING;
        }
        Map<String, String> before = troubles(cohort);
        return look(cohort, depth(Depth.MARKERS), true, 0).without(before);
    }

    /**
     * Makes the features that are missing or damaged; reads and checks those that are there.
     *
     * @throws JobException as {@link #prepare}
     */
    public Survey encode() {
        return look(federation.clientIds(), Depth.EVERYTHING, true, 1);
    }

    /** Looks only: rows and troubles of every client, nothing made. */
    public Survey survey() {
        return look(federation.clientIds(), Depth.ROWS, false, 0);
    }

    /** Features that are not cached are not looked at. */
    private Depth depth(Depth ifCached) {
        return cached() ? ifCached : Depth.ROWS;
    }

    private boolean cached() {
        return settings.get(ModelKeys.ENCODER_CACHE);
    }

    /**
     * @param depth with {@code MARKERS}, between rounds, prompts that were cut are told of new features only
     * @param make whether missing features are made
     * @param atLeast clients of a catalogue that must be able to take part
     */
    private Survey look(List<String> ids, Depth depth, boolean make, int atLeast) {
        EncodeJob job = new EncodeJob(spark.sc(), gateway, settings.get(RunKeys.STALL_TIMEOUT));
        Map<String, Long> rows = new TreeMap<>();
        List<Outcome<Checked>> checked = List.of();
        if (!(federation instanceof Federation.Catalogued catalogue)) {
            checked = settle(
                    "look at data", job.check(access(null), places(ids), depth, federation.trainingIds()), atLeast);
            checked.forEach(
                    client -> rows.put(client.clientId(), client.result().trainingRows()));
        } else {
            List<String> there = list(job, catalogue.window(), ids, atLeast, rows);
            if (depth != Depth.ROWS) {
                List<Outcome<Checked>> all = job.check(access(null), places(there), depth, List.of());
                checked = settle("look at data", all, Math.min(atLeast, there.size()));
            }
        }
        Map<String, ClientLocation> missing = new TreeMap<>();
        for (Outcome<Checked> client : checked) {
            if (!client.result().missing().isEmpty()) {
                String id = client.clientId();
                missing.put(id, place(id).with(client.result().missing()));
            }
        }
        List<Outcome<Encoded>> made = List.of();
        if (make && !missing.isEmpty()) {
            made = settle(
                    "encoding",
                    job.encode(access(encoder.handle()), List.copyOf(missing.values())),
                    checked.size() == missing.size() ? atLeast : 0);
        }
        Map<String, String> troubles = troubles(ids);
        rows.keySet().removeAll(troubles.keySet());
        return Survey.of(depth == Depth.MARKERS ? List.of() : checked, made, rows, troubles);
    }

    /** Finds the segments that a catalogue's clients have now, and adds their rows. */
    private List<String> list(EncodeJob job, DataWindow window, List<String> ids, int atLeast, Map<String, Long> rows) {
        Duration limit = settings.get(RunKeys.OWNER_TIMEOUT);
        List<Outcome<Listed>> listed =
                settle("list of data", job.list(access(null), places(ids), window, limit), atLeast);
        for (Outcome<Listed> client : listed) {
            Listed now = client.result();
            places.compute(client.clientId(), (id, place) -> place.with(now.segments()));
            rows.put(client.clientId(), now.trainingRows());
            trainingRows.put(client.clientId(), now.trainingRows());
        }
        return listed.stream().map(Outcome::clientId).toList();
    }

    /**
     * One client's trouble is the whole job's among shared shards, and its own in a catalogue.
     *
     * @param atLeast clients of a catalogue that must be without trouble
     * @return those without trouble
     */
    private <R> List<Outcome<R>> settle(String what, List<Outcome<R>> outcomes, int atLeast) {
        List<Outcome<R>> failed = outcomes.stream().filter(Outcome::failed).toList();
        int needed = federation instanceof Federation.Shared ? outcomes.size() : atLeast;
        if (outcomes.size() - failed.size() < needed) {
            Outcome<R> first = failed.get(0);
            throw new JobException(
                    first.status(),
                    "The " + what + " of client " + first.clientId() + " failed"
                            + (failed.size() > 1 ? " (and of " + (failed.size() - 1) + " more)" : "") + ": "
                            + first.error());
        }
        for (Outcome<R> client : failed) {
            if (client.status() == ExitStatus.ENDPOINT_UNAVAILABLE) {
                throw new JobException(client.status(), client.error());
            }
            places.computeIfPresent(client.clientId(), (id, place) -> place.withTrouble(client.error()));
        }
        return outcomes.stream().filter(client -> !client.failed()).toList();
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
                    this::trainingRows,
                    gateway,
                    settings.get(GatewayKeys.CLIENT_DEADLINE),
                    settings.get(GatewayKeys.GRACE));
        }
        return clients;
    }

    /** Answers every client's own test rows once, as {@code eval.splits} and {@code eval.max_samples} say. */
    public EvaluateJob evaluate(int round, AdapterLayout layout, float[] theta) {
        return evaluate(round, layout, theta, 1);
    }

    /**
     * The same in a run that does so now and then.
     *
     * @param round whose adapter it is; 0: the identity
     * @param times in all, this one included
     */
    public EvaluateJob evaluate(int round, AdapterLayout layout, float[] theta, int times) {
        int most = settings.get(RunKeys.EVAL_MAX_SAMPLES);
        EvaluationPlan plan = new EvaluationPlan(
                round,
                layout,
                theta,
                splits(settings),
                most == 0 ? Integer.MAX_VALUE : most,
                settings.get(ModelKeys.MAX_NEW_TOKENS),
                settings.get(ModelKeys.EVAL_BATCH),
                times);
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
