package org.fednano.prep;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.fednano.sample.Medium;
import org.fednano.settings.DataKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;

/**
 * Clusters of pictures by MLlib's k-means over the features that {@code model.dir}'s encoder gives them. Features are made
 * by executors, {@link PictureFeatures}; k-means runs over one partition in the order of the samples' ids, so that neither
 * cores nor partitions change its sums.
 */
final class PictureClusters {

    private static final int MOST_ITERATIONS = 100;
    private static final StructType SCHEMA =
            new StructType().add("id", DataTypes.StringType).add("features", SQLDataTypes.VectorType());

    private final Settings settings;
    private final JavaSparkContext spark;
    private final Broadcast<SerializableConfiguration> conf;
    private final RawPlaces places;
    private final Consumer<String> say;

    PictureClusters(
            Settings settings,
            JavaSparkContext spark,
            Broadcast<SerializableConfiguration> conf,
            RawPlaces places,
            Consumer<String> say) {
        this.settings = settings;
        this.spark = spark;
        this.conf = conf;
        this.places = places;
        this.say = say;
    }

    /** A sample's first picture. */
    private record Shown(String id, RawMedium picture) implements Serializable {

        /** Null if it has none. */
        static Shown of(Accepted sample) {
            return sample.media().stream()
                    .filter(m -> m.modality().equals(Medium.IMAGE))
                    .findFirst()
                    .map(m -> new Shown(sample.id(), m))
                    .orElse(null);
        }
    }

    /** A sample's features. */
    private record Seen(String id, double[] features) implements Serializable {}

    /**
     * Clusters the samples that have a picture, by the first of them.
     *
     * @return cluster, 0 to {@code clusters} − 1, by sample id; the larger cluster first
     * @throws JobException with status 3 if there are fewer pictures than clusters
     */
    Map<String, Integer> of(List<Accepted> samples, int clusters) {
        List<Shown> seen = samples.stream()
                .map(Shown::of)
                .filter(Objects::nonNull)
                .sorted(Comparator.comparing(Shown::id))
                .toList();
        if (seen.size() < clusters) {
            throw JobException.badInput("prepare.split = clusters needs at least as many samples with pictures as"
                    + " prepare.clients = " + clusters + ": found " + seen.size() + ".");
        }
        say.accept(String.format("features of %,d pictures for their clusters", seen.size()));
        List<Row> rows = features(seen).stream()
                .map(s -> RowFactory.create(s.id(), Vectors.dense(s.features())))
                .toList();
        return bySize(fit(rows, clusters));
    }

    private List<Seen> features(List<Shown> samples) {
        PictureFeatures encoder =
                new PictureFeatures(ModelKeys.folder(settings).toString(), settings.get(DataKeys.PREPARE_SEED));
        Broadcast<SerializableConfiguration> hadoop = conf;
        RawPlaces raw = places;
        spark.sc().setJobDescription("FedNano prepare · picture features");
        return spark.parallelize(samples, Math.min(spark.defaultParallelism(), samples.size()))
                .mapPartitions(part -> {
                    try (MediaFiles media = new MediaFiles(raw, hadoop.value().value())) {
                        return features(part, media, encoder);
                    }
                })
                .collect();
    }

    private static Iterator<Seen> features(Iterator<Shown> part, MediaFiles media, PictureFeatures encoder)
            throws IOException {
        List<Seen> all = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        List<byte[]> pictures = new ArrayList<>();
        while (part.hasNext()) {
            Shown sample = part.next();
            ids.add(sample.id());
            pictures.add(media.read(sample.picture()));
            if (pictures.size() == PictureFeatures.BATCH || !part.hasNext()) {
                double[][] features = encoder.of(pictures);
                for (int i = 0; i < features.length; i++) {
                    all.add(new Seen(ids.get(i), features[i]));
                }
                ids.clear();
                pictures.clear();
            }
        }
        return all.iterator();
    }

    private Map<String, Integer> fit(List<Row> rows, int clusters) {
        SparkSession session = SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
        spark.sc().setJobDescription("FedNano prepare · clusters of pictures");
        var table = session.createDataFrame(spark.parallelize(rows, 1), SCHEMA).cache();
        try {
            Map<String, Integer> found = new TreeMap<>();
            new KMeans()
                    .setK(clusters)
                    .setSeed(settings.get(DataKeys.PREPARE_SEED))
                    .setMaxIter(MOST_ITERATIONS)
                    .setTol(0)
                    .fit(table)
                    .transform(table)
                    .select("id", "prediction")
                    .collectAsList()
                    .forEach(row -> found.put(row.getString(0), row.getInt(1)));
            return found;
        } finally {
            table.unpersist();
        }
    }

    /** Numbers clusters by size, then by their first sample: k-means's own numbers mean nothing. */
    private static Map<String, Integer> bySize(Map<String, Integer> found) {
        Map<Integer, List<String>> members = new TreeMap<>();
        found.forEach((id, cluster) ->
                members.computeIfAbsent(cluster, c -> new ArrayList<>()).add(id));
        List<List<String>> ordered = new ArrayList<>(members.values());
        ordered.sort(
                Comparator.<List<String>>comparingInt(List::size).reversed().thenComparing(m -> m.get(0)));
        Map<String, Integer> numbered = new TreeMap<>();
        for (int k = 0; k < ordered.size(); k++) {
            for (String id : ordered.get(k)) {
                numbered.put(id, k);
            }
        }
        return numbered;
    }
}
