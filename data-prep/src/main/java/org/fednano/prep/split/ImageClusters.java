package org.fednano.prep.split;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import org.fednano.console.StatusLine;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.RawMedium;
import org.fednano.prep.source.SourceConfig;
import org.fednano.sample.Split;
import org.fednano.settings.DataKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;

/**
 * Clusters of images by MLlib's k-means over the features that {@code model.dir}'s encoder gives them. Features are made
 * by executors, {@link ImageFeatures}; k-means runs over one partition in the order of the samples' ids, so that neither
 * cores nor partitions change its sums.
 */
public final class ImageClusters {

    private static final int MOST_ITERATIONS = 100;
    private static final StructType SCHEMA = new StructType()
            .add("position", DataTypes.LongType)
            .add("split", DataTypes.IntegerType)
            .add("order", DataTypes.BinaryType)
            .add("features", SQLDataTypes.VectorType());

    private final Settings settings;
    private final SparkSession session;
    private final Broadcast<SerializableConfiguration> conf;
    private final SourceConfig config;

    public ImageClusters(
            Settings settings, SparkSession session, Broadcast<SerializableConfiguration> conf, SourceConfig config) {
        this.settings = settings;
        this.session = session;
        this.conf = conf;
        this.config = config;
    }

    /** A sample's first image. */
    public record Shown(long position, String id, Split split, RawMedium image) implements Serializable {}

    /**
     * Clusters of samples.
     *
     * @param positions in the raw data set, ascending
     * @param clusters 0 to {@code clusters} − 1, the larger cluster first
     * @param splits ordinals
     */
    public record Found(long[] positions, int[] clusters, byte[] splits) implements Serializable {

        /** Returns a sample's cluster, or −1 for one without an image. */
        int cluster(long position) {
            int at = Arrays.binarySearch(positions, position);
            return at < 0 ? -1 : clusters[at];
        }

        /** Adds to {@code counts[cluster][split]}. */
        void count(long[][] counts) {
            for (int i = 0; i < clusters.length; i++) {
                counts[clusters[i]][splits[i]]++;
            }
        }
    }

    /**
     * Clusters the samples that have an image, by the first of them.
     *
     * @param samples those that have one, {@code count} in all
     * @throws JobException with status 3 if there are fewer images than clusters
     */
    public Found of(JavaRDD<Shown> samples, long count, int clusters) {
        if (count < clusters) {
            throw JobException.badInput("prepare.split = clusters needs at least as many samples with pictures as"
                    + " prepare.clients = " + clusters + ": found " + count + ".");
        }
        session.sparkContext().setJobDescription("FedNano prepare · image features");
        Dataset<Row> features = session.createDataFrame(features(samples), SCHEMA)
                .repartition(1)
                .sortWithinPartitions("order")
                .persist(StorageLevel.MEMORY_AND_DISK());
        StatusLine.Step grouping = StatusLine.get().step("grouping pictures by what they show");
        try {
            features.count();
            session.sparkContext().setJobDescription("FedNano prepare · clusters of images");
            Dataset<Row> predicted = new KMeans()
                    .setK(clusters)
                    .setSeed(settings.get(DataKeys.PREPARE_SEED))
                    .setMaxIter(MOST_ITERATIONS)
                    .setTol(0)
                    .fit(features)
                    .transform(features)
                    .select("position", "split", "prediction");
            int[] numbers = bySize(predicted.select("prediction").toJavaRDD(), clusters);
            return predicted
                    .sortWithinPartitions("position")
                    .toJavaRDD()
                    .mapPartitions(rows -> List.of(found(rows, numbers)).iterator())
                    .first();
        } finally {
            grouping.end();
            features.unpersist();
            session.sparkContext().setJobDescription(null);
        }
    }

    private JavaRDD<Row> features(JavaRDD<Shown> samples) {
        ImageFeatures encoder =
                new ImageFeatures(ModelKeys.folder(settings).toString(), settings.get(DataKeys.PREPARE_SEED));
        Broadcast<SerializableConfiguration> hadoop = conf;
        SourceConfig raw = config;
        return samples.mapPartitions(part -> {
            try (MediaFiles media = new MediaFiles(raw, hadoop.value().value())) {
                return features(part, media, encoder);
            }
        });
    }

    private static Iterator<Row> features(Iterator<Shown> part, MediaFiles media, ImageFeatures encoder)
            throws IOException {
        List<Row> all = new ArrayList<>();
        List<Shown> samples = new ArrayList<>();
        List<byte[]> images = new ArrayList<>();
        while (part.hasNext()) {
            Shown sample = part.next();
            samples.add(sample);
            images.add(media.read(sample.image()));
            if (images.size() == ImageFeatures.BATCH || !part.hasNext()) {
                double[][] features = encoder.of(images);
                for (int i = 0; i < features.length; i++) {
                    Shown s = samples.get(i);
                    all.add(RowFactory.create(
                            s.position(),
                            s.split().ordinal(),
                            s.id().getBytes(StandardCharsets.UTF_16BE), // sorts as Java does
                            Vectors.dense(features[i])));
                }
                samples.clear();
                images.clear();
            }
        }
        return all.iterator();
    }

    /**
     * Numbers clusters by size, then by their first sample: k-means's own numbers mean nothing.
     *
     * @param predictions in the order of the ids
     */
    private static int[] bySize(JavaRDD<Row> predictions, int clusters) {
        List<int[]> sizesAndFirst = predictions
                .mapPartitions(rows -> {
                    int[] sizes = new int[clusters];
                    int[] first = new int[clusters];
                    for (int i = 0; rows.hasNext(); i++) {
                        int cluster = rows.next().getInt(0);
                        first[cluster] = sizes[cluster]++ == 0 ? i : first[cluster];
                    }
                    return List.of(sizes, first).iterator();
                })
                .collect();
        List<Integer> ordered = IntStream.range(0, clusters)
                .boxed()
                .sorted(Comparator.<Integer>comparingInt(c -> -sizesAndFirst.get(0)[c])
                        .thenComparingInt(c -> sizesAndFirst.get(1)[c]))
                .toList();
        int[] numbers = new int[clusters];
        for (int k = 0; k < clusters; k++) {
            numbers[ordered.get(k)] = k;
        }
        return numbers;
    }

    private static Found found(Iterator<Row> rows, int[] numbers) {
        LongStream.Builder positions = LongStream.builder();
        IntStream.Builder clusters = IntStream.builder();
        ByteArrayOutputStream splits = new ByteArrayOutputStream();
        while (rows.hasNext()) {
            Row row = rows.next();
            positions.add(row.getLong(0));
            splits.write(row.getInt(1));
            clusters.add(numbers[row.getInt(2)]);
        }
        return new Found(positions.build().toArray(), clusters.build().toArray(), splits.toByteArray());
    }
}
