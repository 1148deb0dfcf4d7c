package org.fednano.spark;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.BlockLocation;
import org.apache.hadoop.fs.FileStatus;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.fednano.adapter.AdapterLayout;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.encoder.PromptTokenizer;
import org.fednano.gateway.Gateway;
import org.fednano.llm.FrozenLlm;
import org.fednano.sample.Split;
import org.fednano.settings.GatewayKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;

/**
 * The clients of a shards folder on a Spark cluster, with one frozen model: encodes, trains and evaluates them, a
 * partition each. Belongs to one driver thread.
 */
public final class ClientCluster implements AutoCloseable {

    private final JavaSparkContext spark;
    private final Settings settings;
    private final Shards shards;
    private final Gateway gateway;
    private final Broadcast<SerializableConfiguration> conf;
    private final EncoderWeights encoder;
    private final PromptTokenizer tokenizer;
    private final String featureKey;
    private final String llmFingerprint;
    private final Map<String, List<String>> hosts;
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
            Shards shards,
            HfModelFolder model,
            NanoEdgeSpec edge,
            FrozenLlm llm) {
        this.spark = JavaSparkContext.fromSparkContext(spark);
        this.settings = settings;
        this.shards = shards;
        this.gateway = DriverGateway.open(spark, settings, llm);
        this.conf = this.spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
        this.encoder = new EncoderWeights(this.spark, model, settings, edge);
        this.tokenizer = new PromptTokenizer(edge.tokenizerJson());
        this.llmFingerprint = llm.info().fingerprint();
        this.featureKey = edge.featureKey(llmFingerprint);
        this.hosts = hosts(spark.hadoopConfiguration(), shards);
    }

    /** Its shards. */
    public Shards shards() {
        return shards;
    }

    /** Folder of this model's cached features. */
    public String featuresFolder() {
        return ShardPaths.features(shards.uri(), featureKey).toString();
    }

    /**
     * What encoding did.
     *
     * @param made clients whose features were made
     * @param rows of these clients
     * @param cuts clients with prompts that were cut, now or when their features were made
     */
    public record Encoded(List<String> made, long rows, List<Cut> cuts) {}

    /**
     * Prompts of a client that were cut to {@code prompt.max_tokens}.
     *
     * @param prompts how many, over all splits
     * @param first id of the first sample
     */
    public record Cut(String clientId, long prompts, String first) implements Serializable {}

    /**
     * Sees to it that every client can train: that it has rows, and sound features if they are to be cached. Looks once;
     * later calls do nothing.
     *
     * @throws JobException with status 3 if a client's files are missing or damaged
     */
    public Encoded prepare() {
        Encoded encoded = new Encoded(List.of(), 0, List.of());
        if (!prepared && settings.get(ModelKeys.ENCODER_CACHE)) {
            encoded = encode();
        } else if (!prepared) {
            new Encoding(spark.sc(), hosts, gateway).requireRows(access(null), shards.clientIds());
        }
        prepared = true;
        return encoded;
    }

    /**
     * Makes the features that are missing or damaged; reads and checks those that are there.
     *
     * @throws JobException with status 3 if a client's files are missing or damaged
     */
    public Encoded encode() {
        Encoding encoding = new Encoding(spark.sc(), hosts, gateway);
        Encoding.Found found = encoding.check(access(null), shards.clientIds());
        if (found.clients().isEmpty()) {
            return new Encoded(List.of(), 0, found.cuts());
        }
        Encoding.Found made = encoding.make(access(encoder.handle()), found.clients());
        return new Encoded(
                made.clients(),
                made.rows(),
                Stream.concat(found.cuts().stream(), made.cuts().stream())
                        .sorted(Comparator.comparing(Cut::clientId))
                        .toList());
    }

    /** The clients as partitions of a stage; one instance for the whole run. */
    public SparkClients clients() {
        if (clients == null) {
            clients = new SparkClients(
                    spark.sc(),
                    access(roundEncoder()),
                    hosts,
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
    public Evaluation evaluate(int round, AdapterLayout layout, float[] theta) {
        int most = settings.get(RunKeys.EVAL_MAX_SAMPLES);
        EvaluationPlan plan = new EvaluationPlan(
                round,
                layout,
                theta,
                splits(settings),
                most == 0 ? Integer.MAX_VALUE : most,
                settings.get(ModelKeys.MAX_NEW_TOKENS),
                settings.get(ModelKeys.EVAL_BATCH));
        return Evaluation.run(
                spark, access(roundEncoder()), hosts, gateway, plan, shards.clientIds(), tokenizer::decode);
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
        return settings.get(ModelKeys.ENCODER_CACHE) ? null : encoder.handle();
    }

    private ClientAccess access(EncoderHandle handle) {
        return new ClientAccess(
                conf, shards.uri(), shards.fingerprint(), featureKey, llmFingerprint, gateway.address(), handle);
    }

    /** Where each client's first file lies, for the scheduler; nothing for local files. */
    private static Map<String, List<String>> hosts(Configuration conf, Shards shards) {
        Map<String, List<String>> hosts = new TreeMap<>();
        for (String client : shards.clientIds()) {
            var folder = ShardPaths.split(shards.uri(), client, Split.TRAIN);
            List<FileStatus> files = ShardPaths.parquetFiles(conf, folder);
            List<String> found = new ArrayList<>();
            try {
                if (!files.isEmpty()) {
                    BlockLocation[] blocks = folder.getFileSystem(conf).getFileBlockLocations(files.get(0), 0, 1);
                    for (BlockLocation block : blocks) {
                        Arrays.stream(block.getHosts())
                                .filter(h -> !h.equals("localhost"))
                                .forEach(found::add);
                    }
                }
            } catch (IOException e) {
                found.clear(); // a preference only: the task reads from wherever it runs
            }
            hosts.put(client, found);
        }
        return hosts;
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
