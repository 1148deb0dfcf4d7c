package org.fednano.spark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.fednano.adapter.AdapterLayout;
import org.fednano.algorithm.ClientBackend;
import org.fednano.algorithm.FedNano;
import org.fednano.algorithm.GlobalAdapter;
import org.fednano.algorithm.PlainBackend;
import org.fednano.algorithm.RoundResult;
import org.fednano.algorithm.TrainingPlan;
import org.fednano.cluster.ClientCluster;
import org.fednano.encoder.NanoEdge;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;
import org.fednano.shards.Federation;
import org.fednano.shards.SharedShards;
import org.fednano.testing.TinyModel;
import org.fednano.weights.HfModelFolder;

/** A local Spark cluster over tiny shards and a tiny model. */
public final class TinyCluster implements AutoCloseable {

    public final SparkSession spark;
    final Settings settings;
    final FrozenLlm llm;
    public final ClientCluster cluster;
    public final List<RoundResult> rounds = new ArrayList<>();

    public TinyCluster(String master, Settings settings, UnaryOperator<FrozenLlm> around) {
        this.settings = settings;
        spark = SparkSession.builder()
                .master(master)
                .appName("tiny")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "localhost")
                .getOrCreate();
        HfModelFolder model = HfModelFolder.open(Path.of(settings.get(ModelKeys.DIR)));
        llm = around.apply(EmbeddedLlm.open(model));
        cluster = new ClientCluster(
                spark.sparkContext(),
                settings,
                Federation.of(spark, settings),
                model,
                NanoEdgeSpec.of(model, settings),
                llm);
    }

    public static Settings settings(Path folder, String... more) {
        List<String> sets = new ArrayList<>(List.of(
                "model.dir=" + folder.resolve("model"),
                "run.shards=" + folder.resolve("shards"),
                "adapter.rank=2",
                "local.batch_size=4",
                "encoder.batch_size=4"));
        sets.addAll(List.of(more));
        return Settings.load(List.of(), sets);
    }

    /** Prepares and trains; what a run's adapter would be. */
    public float[] train(int goal) {
        cluster.prepare();
        return trainUnchecked(goal);
    }

    /** Trains on what is there. */
    public float[] trainUnchecked(int goal) {
        return train(plan(settings, cluster.federation().clientIds()), goal, cluster.clients());
    }

    private float[] train(TrainingPlan plan, int goal, ClientBackend clients) {
        return FedNano.train(plan.withRounds(goal), GlobalAdapter.initial(plan), clients, rounds::add)
                .theta();
    }

    public static TrainingPlan plan(Settings settings, List<String> clients) {
        AdapterLayout layout = AdapterLayout.of(
                settings.get(MethodKeys.MODALITIES),
                TinyModel.HIDDEN,
                settings.get(MethodKeys.RANK),
                settings.get(MethodKeys.ALPHA));
        return TrainingPlan.of(settings, layout, clients);
    }

    /** The same run as a plain loop: no Spark, no gateway, no files but the shards. */
    public static float[] plainLoop(Settings settings, int goal) {
        HfModelFolder model = HfModelFolder.open(Path.of(settings.get(ModelKeys.DIR)));
        String uri = settings.get(org.fednano.settings.RunKeys.SHARDS);
        SharedShards shards = SharedShards.open(new Configuration(), uri);
        try (FrozenLlm llm = EmbeddedLlm.open(model);
                NanoEdge edge = NanoEdge.open(model, settings)) {
            TrainingPlan plan = plan(settings, shards.clientIds());
            ClientBackend clients = new PlainBackend(client -> data(shards, edge, llm, client), client -> llm);
            return FedNano.train(plan.withRounds(goal), GlobalAdapter.initial(plan), clients, r -> {})
                    .theta();
        }
    }

    private static org.fednano.algorithm.ClientData data(
            SharedShards shards, NanoEdge edge, FrozenLlm llm, String client) {
        List<Sample> samples = new ArrayList<>();
        shards.rows(new Configuration(), client).read(Split.TRAIN, samples::add);
        List<PromptFeatures> rows = edge.encode(samples, llm::embed);
        return new org.fednano.algorithm.ClientData() {
            @Override
            public int size() {
                return rows.size();
            }

            @Override
            public PromptFeatures row(int i) {
                return rows.get(i);
            }
        };
    }

    @Override
    public void close() {
        cluster.close();
        llm.close();
        spark.stop();
    }
}
