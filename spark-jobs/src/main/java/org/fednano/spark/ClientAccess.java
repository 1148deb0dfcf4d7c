package org.fednano.spark;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.fednano.encoder.CutPrompts;
import org.fednano.encoder.NanoEdge;
import org.fednano.gateway.GatewayAddress;
import org.fednano.gateway.Purpose;
import org.fednano.llm.FrozenLlm;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;

/**
 * What a task needs to stand for a client: its files, the way to the gateway, and its features, cached or made on the
 * spot. Either way they come in shard order from the same encoder batches, so they are the same bytes.
 *
 * @param conf how file systems are reached
 * @param shards folder (URI) of the shards
 * @param shardsFingerprint of their manifest
 * @param featuresFingerprint of encoder, connector, prompt and preprocessing
 * @param llmFingerprint of the LLM whose embedding rows stand on text tokens
 * @param gateway where the gateway is
 * @param encoder the frozen client part, or null where features are read from the cache
 */
record ClientAccess(
        Broadcast<SerializableConfiguration> conf,
        String shards,
        String shardsFingerprint,
        String featuresFingerprint,
        String llmFingerprint,
        GatewayAddress gateway,
        EncoderHandle encoder)
        implements Serializable {

    Configuration hadoop() {
        return conf.value().value();
    }

    ShardReader rows() {
        return new ShardReader(hadoop(), shards);
    }

    FeatureFiles cache(String clientId) {
        return new FeatureFiles(hadoop(), shards, shardsFingerprint, featuresFingerprint, clientId);
    }

    FrozenLlm open(Purpose purpose, int round, String clientId) {
        return gateway.open(purpose, round, clientId);
    }

    /**
     * Passes on a split's features in shard order.
     *
     * @param most rows at most
     * @return prompts of the split that were cut
     * @throws org.fednano.settings.JobException with status 3 if files are missing or damaged
     */
    long features(String clientId, Split split, int most, FrozenLlm llm, Consumer<PromptFeatures> rows) {
        if (encoder == null) {
            int[] left = {most};
            cache(clientId).read(split, row -> {
                if (left[0]-- > 0) {
                    rows.accept(row);
                }
            });
            return cache(clientId).cutPrompts(split);
        }
        return make(clientId, split, most, llm, rows).count();
    }

    /** Makes a split's features from the raw rows, a batch of the encoder at a time. */
    CutPrompts make(String clientId, Split split, int most, FrozenLlm llm, Consumer<PromptFeatures> rows) {
        NanoEdge edge = encoder.edge();
        List<Sample> batch = new ArrayList<>();
        int[] left = {most};
        CutPrompts cut = new CutPrompts();
        try (EmbeddingStore table = embeddings(clientId, edge.hidden(), llm)) {
            rows().read(clientId, split, sample -> {
                batch.add(sample);
                left[0]--;
                if (batch.size() == encoder.batchSize() || left[0] == 0) {
                    edge.encode(batch, table, cut).forEach(rows);
                    batch.clear();
                }
                return left[0] > 0;
            });
            if (!batch.isEmpty()) {
                edge.encode(batch, table, cut).forEach(rows);
            }
        }
        return cut;
    }

    private EmbeddingStore embeddings(String clientId, int hidden, FrozenLlm llm) {
        return new EmbeddingStore(
                hadoop(), ShardPaths.embeddings(shards, llmFingerprint, clientId), hidden, llm::embed);
    }

    /** A local folder for scratch files: where Spark or its cluster manager puts its own. */
    static Path scratch() {
        String yarn = System.getenv("LOCAL_DIRS");
        String folders = yarn != null
                ? yarn
                : SparkEnv.get().conf().get("spark.local.dir", System.getProperty("java.io.tmpdir"));
        return Path.of(folders.split(",")[0].strip());
    }
}
