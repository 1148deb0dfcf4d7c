package org.fednano.run;

import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.fednano.adapter.AdapterLayout;
import org.fednano.cluster.ClientCluster;
import org.fednano.console.StatusLine;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.encoder.connector.ConnectorOrigin;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.client.OipLlm;
import org.fednano.llm.client.OipOptions;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.localdisk.LocalDisk;
import org.fednano.prompt.TokenizerWarnings;
import org.fednano.runstore.Fingerprints;
import org.fednano.settings.EndpointKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;
import org.fednano.shards.Federation;
import org.fednano.spark.JobProgress;
import org.fednano.spark.Seats;
import org.fednano.sparkui.SparkUi;
import org.fednano.tensor.EngineThreads;
import org.fednano.weights.HfModelFolder;
import org.slf4j.LoggerFactory;

/** What a command that trains or answers holds: Spark, the frozen model, the shards and their clients. */
public final class JobSession implements AutoCloseable {

    private static final long SHUTDOWN_SECONDS = 10;
    private static final String EMBEDDINGS = "language_model.model.embed_tokens.weight";
    private static final int COMPARED_ROWS = 8;

    /** Of the largest value in a row: twice what bfloat16 loses. */
    private static final double ROUNDING = 0.01;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread onShutdown = new Thread(this::awaitClosed, "fednano-shutdown");
    private final Settings settings;
    private final SparkSession spark;
    private final HfModelFolder model;
    private final NanoEdgeSpec edge;
    private final FrozenLlm llm;
    private final JobProgress progress;
    private ClientCluster cluster;

    /**
     * Starts Spark, opens the model folder, and loads its LLM or connects to the one of {@code llm.endpoints}.
     *
     * @throws JobException with status 3 for a model folder that is missing or corrupt, or whose connector is not made
     *     for the endpoint's LLM; as {@link OipLlm#connect} for endpoints
     */
    public JobSession(Settings settings) {
        this.settings = settings;
        try {
            // Clients run side by side: one thread each keeps the cores busy without switching, and no byte of a run
            // depends on how many run at once.
            EngineThreads.apply(settings, 1);
            Ahead<Frozen> loading = keep(Ahead.begin("fednano-model", () -> Frozen.of(settings), frozen -> frozen.llm()
                    .close()));
            StatusLine.get().doing("starting Spark");
            spark = keep(spark());
            progress = JobProgress.of(spark.sparkContext());
            // On SIGTERM Spark stops its context at once; the command's own thread still has a lease to give back.
            Runtime.getRuntime().addShutdownHook(onShutdown);
            StatusLine.get()
                    .doing("loading " + ModelKeys.folder(settings)
                            + (settings.get(EndpointKeys.ADDRESSES).isEmpty()
                                    ? ""
                                    : " and connecting to its endpoint"));
            Frozen frozen = loading.result();
            model = frozen.folder();
            llm = frozen.llm();
            edge = NanoEdgeSpec.of(model, settings);
            TokenizerWarnings.of(model).forEach(warning -> LoggerFactory.getLogger(JobSession.class)
                    .warn(warning));
            NanoEdgeSpec.requireWidth(
                    model, settings, llm.info().hidden(), llm.info().name());
            edge.requireFits(llm.info().vocabulary());
            requireSameModel(model, llm);
            NanoEdgeSpec.encoderFolders(settings)
                    .values()
                    .forEach(folder -> ConnectorOrigin.require(
                            folder,
                            llm.info().name(),
                            llm.info().hidden(),
                            llm.info().vocabulary(),
                            llm::embed));
            StatusLine.get().doing(progress::status);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * The clients of {@code run.clients} or {@code run.shards}; opened with the first call.
     *
     * @throws JobException with status 3 if the shards folder or the catalogue is missing or incomplete
     */
    public ClientCluster cluster() {
        if (cluster == null) {
            progress.between("opening shards");
            cluster = keep(new ClientCluster(
                    spark.sparkContext(), settings, Federation.of(spark, settings), model, edge, llm));
            progress.counting(cluster::calls);
            progress.between("");
        }
        return cluster;
    }

    /** What is shown while Spark works, and between its jobs. */
    public JobProgress progress() {
        return progress;
    }

    public Settings settings() {
        return settings;
    }

    public SparkSession sparkSession() {
        return spark;
    }

    public Configuration hadoop() {
        return spark.sparkContext().hadoopConfiguration();
    }

    public HfModelFolder model() {
        return model;
    }

    public NanoEdgeSpec edge() {
        return edge;
    }

    public FrozenLlm llm() {
        return llm;
    }

    /** Shapes of the adapter that the settings ask for. */
    AdapterLayout layout() {
        return AdapterLayout.of(
                settings.get(MethodKeys.MODALITIES),
                edge.modalities(),
                llm.info().hidden(),
                settings.get(MethodKeys.RANK),
                settings.get(MethodKeys.ALPHA));
    }

    /** What a run on this model and these shards is pinned to. */
    Fingerprints fingerprints() {
        return new Fingerprints(
                llm.info().fingerprint(),
                edge.fingerprint(),
                cluster().federation().fingerprint());
    }

    /**
     * Loads the LLM of a model folder, or connects to the one of {@code llm.endpoints}: then the folder needs no decoder.
     *
     * @throws JobException with status 3 for a folder that is corrupt; as {@link OipLlm#connect} for endpoints
     */
    public static FrozenLlm openLlm(Settings settings, HfModelFolder model) {
        return settings.get(EndpointKeys.ADDRESSES).isEmpty()
                ? EmbeddedLlm.open(model)
                : OipLlm.connect(OipOptions.of(settings));
    }

    /**
     * Another language model of the same width would train without a word. Where the folder holds the embedding table, some of
     * its rows must be the endpoint's, up to the rounding of half floats.
     *
     * @throws JobException with status 3 if they are not
     */
    public static void requireSameModel(HfModelFolder model, FrozenLlm llm) {
        if (!model.names().contains(EMBEDDINGS)) {
            return;
        }
        int rows = (int) Math.min(model.shape(EMBEDDINGS)[0], llm.info().vocabulary());
        int hidden = llm.info().hidden();
        int[] ids = IntStream.range(0, COMPARED_ROWS)
                .map(i -> (int) ((long) i * rows / COMPARED_ROWS))
                .toArray();
        float[] served = llm.embed(ids);
        float[] own = new float[hidden];
        for (int i = 0; i < ids.length; i++) {
            model.read(EMBEDDINGS, (long) ids[i] * hidden, FloatBuffer.wrap(own));
            double difference = 0;
            double size = 0;
            for (int h = 0; h < hidden; h++) {
                difference = Math.max(difference, Math.abs(own[h] - served[i * hidden + h]));
                size = Math.max(size, Math.abs(own[h]));
            }
            if (difference > ROUNDING * size) {
                throw JobException.badInput("The endpoint's LLM " + llm.info().name() + " must be the one of "
                        + model.folder() + ": expected the same embedding rows, found another one for token " + ids[i]
                        + ". Set llm.endpoints to a server of that model, or model.dir to the folder of the server's.");
            }
        }
    }

    private static SparkSession spark() {
        return SparkSession.builder().config(conf(new SparkConf())).getOrCreate();
    }

    /** What Spark is started with, beside what the user says. */
    public static SparkConf conf(SparkConf conf) {
        Seats.share(conf);
        LocalDisk.use(conf);
        conf.setIfMissing("spark.app.name", "fednano");
        // Speculation would double the endpoint's load; results are counted cumulatively against the limit.
        conf.set("spark.speculation", "false").set("spark.driver.maxResultSize", "0");
        conf.setIfMissing("spark.ui.showConsoleProgress", "false");
        SparkUi.use(conf);
        ExecutorOptions.apply(conf);
        return conf;
    }

    /** The model's folder and its LLM. Libraries and weights are read while Spark starts: neither needs the other. */
    private record Frozen(HfModelFolder folder, FrozenLlm llm) {

        static Frozen of(Settings settings) {
            HfModelFolder folder = HfModelFolder.open(ModelKeys.folder(settings));
            return new Frozen(folder, openLlm(settings, folder));
        }
    }

    private <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    private void awaitClosed() {
        try {
            closed.await(SHUTDOWN_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        // While the JVM shuts down, tasks may still be inside native code: what it holds goes with the process.
        if (!shuttingDown()) {
            closeAll();
        }
        closed.countDown();
    }

    private boolean shuttingDown() {
        try {
            Runtime.getRuntime().removeShutdownHook(onShutdown);
            return false;
        } catch (IllegalStateException e) {
            return true;
        }
    }

    private void closeAll() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                LoggerFactory.getLogger(JobSession.class).warn("Closing the session", e);
            }
        }
    }
}
