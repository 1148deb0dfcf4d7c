package org.fednano.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.fednano.adapter.AdapterLayout;
import org.fednano.algorithm.ClientData;
import org.fednano.algorithm.TrainingPlan;
import org.fednano.cluster.ClientCluster;
import org.fednano.encoder.NanoEdge;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.run.JobSession;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.fednano.shards.Federation;
import org.fednano.shards.SharedShards;
import org.fednano.weights.HfModelFolder;

/** One process with the shipped model, prepared shards, and both ways to run clients over them. */
final class Bench implements AutoCloseable {

    final Settings settings;
    final SparkSession spark;
    final EmbeddedLlm llm;
    final ClientCluster cluster;
    final TrainingPlan plan;
    private final HfModelFolder model;
    private final NanoEdgeSpec edge;
    private final SharedShards shards;

    Bench(Settings settings, String master) {
        this.settings = settings;
        spark = SparkSession.builder()
                .config(JobSession.conf(new SparkConf()
                        .setMaster(master)
                        .setAppName("fednano benchmark")
                        .set("spark.ui.enabled", "false")))
                .getOrCreate();
        model = HfModelFolder.open(Path.of(settings.get(ModelKeys.DIR)));
        edge = NanoEdgeSpec.of(model, settings);
        llm = EmbeddedLlm.open(model);
        shards = SharedShards.open(spark.sparkContext().hadoopConfiguration(), settings.get(RunKeys.SHARDS));
        cluster = cluster(llm);
        cluster.prepare();
        AdapterLayout layout = AdapterLayout.of(
                settings.get(MethodKeys.MODALITIES),
                llm.info().hidden(),
                settings.get(MethodKeys.RANK),
                settings.get(MethodKeys.ALPHA));
        plan = TrainingPlan.of(settings, layout, shards.clientIds());
    }

    /** The same clients with another way to the LLM; the caller closes it. */
    ClientCluster cluster(FrozenLlm way) {
        return new ClientCluster(spark.sparkContext(), settings, Federation.of(spark, settings), model, edge, way);
    }

    /** Every client's training rows in the heap, for the plain loop. */
    Map<String, ClientData> rowsInMemory() {
        Map<String, ClientData> data = new HashMap<>();
        try (NanoEdge edge = NanoEdge.open(model, settings)) {
            for (String client : shards.clientIds()) {
                List<Sample> samples = new ArrayList<>();
                shards.rows(spark.sparkContext().hadoopConfiguration(), client).read(Split.TRAIN, samples::add);
                List<PromptFeatures> rows = edge.encode(samples, llm::embed);
                data.put(client, new ClientData() {
                    @Override
                    public int size() {
                        return rows.size();
                    }

                    @Override
                    public PromptFeatures row(int i) {
                        return rows.get(i);
                    }
                });
            }
        }
        return data;
    }

    /** Defaults over which come {@code key=number} arguments. */
    static Map<String, Integer> numbers(String[] args, Map<String, Integer> defaults) {
        Map<String, Integer> numbers = new TreeMap<>(defaults);
        for (String arg : args) {
            String[] parts = arg.split("=", 2);
            if (parts.length != 2 || numbers.replace(parts[0], Integer.valueOf(parts[1])) == null) {
                throw new IllegalArgumentException(
                        "Expected key=number with a key of " + numbers.keySet() + ": " + arg);
            }
        }
        return numbers;
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** What the process has in memory, heap and native, as Linux counts it. */
    static double residentMegabytes() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmRSS:")) {
                    return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024 / 1e6;
                }
            }
            throw new IllegalStateException("/proc/self/status has no VmRSS");
        } catch (IOException e) {
            throw new IllegalStateException("This benchmark reads /proc, which Linux has", e);
        }
    }

    @Override
    public void close() {
        cluster.close();
        llm.close();
        spark.stop();
    }
}
