package org.fednano.features;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.fednano.encoder.NanoEdge;
import org.fednano.encoder.TruncationStats;
import org.fednano.gateway.GatewayAddress;
import org.fednano.gateway.GatewayPass;
import org.fednano.llm.FrozenLlm;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.shards.ClientLocation;
import org.fednano.shards.ClientStore;

/**
 * What a task needs to stand for a client: its files, the way to the gateway, and its features, cached or made on the
 * spot. Either way they come in the order of its rows from the same encoder batches, so they are the same bytes.
 *
 * @param conf how file systems are reached
 * @param featuresFingerprint of encoder, connector, prompt and preprocessing
 * @param llmFingerprint of the LLM whose embedding rows stand on text tokens
 * @param gateway where the gateway is
 * @param encoder the frozen client part, or null where features are read from the cache
 */
public record ClientRuntime(
        Broadcast<SerializableConfiguration> conf,
        String featuresFingerprint,
        String llmFingerprint,
        GatewayAddress gateway,
        EncoderHandle encoder)
        implements Serializable {

    public Configuration hadoop() {
        return conf.value().value();
    }

    /** Opens a client's folder. */
    public ClientStore open(ClientLocation client) {
        return ClientStore.open(client, hadoop());
    }

    public FrozenLlm llm(GatewayPass pass) {
        return gateway.open(pass);
    }

    /**
     * Passes on a split's features in the order of its rows.
     *
     * @param most rows at most
     * @return prompts of the split that were cut
     * @throws org.fednano.settings.JobException with status 3 if files are missing or damaged
     */
    public long features(
            ClientLocation client,
            ClientStore folder,
            Split split,
            int most,
            FrozenLlm llm,
            Consumer<PromptFeatures> rows) {
        int[] left = {most};
        Consumer<PromptFeatures> atMost = row -> {
            if (left[0]-- > 0) {
                rows.accept(row);
            }
        };
        long cut = 0;
        for (String segment : client.segments()) {
            if (left[0] <= 0) {
                break;
            }
            if (encoder == null) {
                cut += FeatureFiles.of(folder, featuresFingerprint, segment).read(split, atMost);
            } else {
                cut += make(client, folder, segment, split, left[0], llm, atMost)
                        .count();
            }
        }
        return cut;
    }

    /**
     * A client's rows of a split, to be read in any order. What is in the cache of features may be kept for later rounds; of a
     * client with Hadoop settings of its own nothing is, so that a change of what these may see acts at once.
     *
     * @throws org.fednano.settings.JobException as {@link #features}
     */
    public SpilledRows rows(ClientLocation client, ClientStore folder, Split split, FrozenLlm llm) {
        Optional<RowCache.Source> source = kept(client, folder, split);
        if (source.isEmpty()) {
            return filled(SpilledRows.in(scratch()), client, folder, split, llm);
        }
        String app = SparkEnv.get().conf().getAppId();
        return RowCache.find(app, source.get()).orElseGet(() -> {
            long bytes = client.segments().stream()
                    .mapToLong(segment -> FeatureFiles.of(folder, featuresFingerprint, segment)
                            .bytes(split))
                    .sum();
            Optional<SpilledRows> room = RowCache.begin(app, bytes, scratch());
            SpilledRows rows = filled(room.orElseGet(() -> SpilledRows.in(scratch())), client, folder, split, llm);
            room.ifPresent(r -> RowCache.keep(app, source.get(), rows));
            return rows;
        });
    }

    private Optional<RowCache.Source> kept(ClientLocation client, ClientStore folder, Split split) {
        if (encoder != null || !client.hadoop().isEmpty() || client.segments().isEmpty()) {
            return Optional.empty();
        }
        List<String> stamps = client.segments().stream()
                .flatMap(segment -> FeatureFiles.of(folder, featuresFingerprint, segment).stamp().stream())
                .toList();
        return stamps.size() == client.segments().size()
                ? Optional.of(new RowCache.Source(split.text(), stamps))
                : Optional.empty();
    }

    private SpilledRows filled(
            SpilledRows rows, ClientLocation client, ClientStore folder, Split split, FrozenLlm llm) {
        try {
            rows.cut(features(client, folder, split, Integer.MAX_VALUE, llm, rows::add));
            return rows;
        } catch (RuntimeException | Error e) {
            rows.close();
            throw e;
        }
    }

    /** Makes features of a segment's split from the raw rows, a batch of the encoder at a time. */
    public TruncationStats make(
            ClientLocation client,
            ClientStore folder,
            String segment,
            Split split,
            int most,
            FrozenLlm llm,
            Consumer<PromptFeatures> rows) {
        NanoEdge edge = encoder.edge();
        List<Sample> batch = new ArrayList<>();
        int[] left = {most};
        TruncationStats cut = new TruncationStats();
        try (EmbeddingStore table =
                new EmbeddingStore(folder.files(), client.embeddings(llmFingerprint), edge.hidden(), llm::embed)) {
            folder.rows().read(segment, split, sample -> {
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

    /** A local folder for scratch files: where Spark or its cluster manager puts its own. */
    public static Path scratch() {
        String yarn = System.getenv("LOCAL_DIRS");
        String folders = yarn != null
                ? yarn
                : SparkEnv.get().conf().get("spark.local.dir", System.getProperty("java.io.tmpdir"));
        return Path.of(folders.split(",")[0].strip());
    }
}
