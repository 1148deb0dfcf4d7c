package org.fednano.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.fednano.cluster.ClientCluster;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.ml.NanoEdgeEncoder;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;
import org.fednano.shards.Federation;
import org.fednano.tensor.EngineThreads;
import org.fednano.weights.HfModelFolder;

/**
 * What Spark costs when features are built: pictures per second of a bare loop over DJL (so many threads, pictures in
 * memory, no Spark and no Parquet), of {@code NanoEdgeEncoder} over Parquet files, and of the {@code encode} job, which also
 * writes prompts and features. Each way has its weights loaded before it is timed; all use one engine thread per task, and the
 * ways take turns within a pair. Before, the transformer's features are held against the loop's.
 *
 * <p>Arguments: {@code key=value}: {@code threads} (2), {@code samples} (512), {@code pairs} (5), {@code batch} (8), {@code
 * side} of a picture in pixels (256), {@code pooling} of the transformer (none), {@code wide}: gigabytes of an encoder of
 * random weights in place of the shipped model's (0).
 */
public final class FeatureBuilding {

    private static final Path SHIPPED = Path.of("conf/models/nano-llava");
    private static final StructType SCHEMA = new StructType()
            .add("sample_id", DataTypes.StringType)
            .add("question", DataTypes.StringType)
            .add("answer", DataTypes.StringType)
            .add("image", DataTypes.BinaryType);

    private final Map<String, String> arguments;
    private final int threads;
    private final List<byte[]> pictures;

    private FeatureBuilding(Map<String, String> arguments) {
        this.arguments = arguments;
        threads = number("threads", 2);
        int side = number("side", 256);
        pictures = new ArrayList<>();
        for (int i = 0; i < number("samples", 512) / threads * threads; i++) {
            pictures.add(picture(i, side));
        }
    }

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Stream.of(args)
                .map(a -> a.split("=", 2))
                .collect(Collectors.toMap(a -> a[0], a -> a[1], (a, b) -> b, LinkedHashMap::new));
        Path folder = Files.createTempDirectory(
                Files.createDirectories(Path.of("work").toAbsolutePath()), "feature-building-");
        try {
            new FeatureBuilding(arguments).run(folder);
        } finally {
            delete(folder);
        }
    }

    private int number(String key, int fallback) {
        return Integer.parseInt(arguments.getOrDefault(key, String.valueOf(fallback)));
    }

    private void run(Path folder) throws Exception {
        Path model = SHIPPED;
        double gigabytes = Double.parseDouble(arguments.getOrDefault("wide", "0"));
        if (gigabytes > 0) {
            model = folder.resolve("model");
            WideEncoder.write(model, gigabytes, SHIPPED.resolve("tokenizer.json"));
        }
        Path shards = folder.resolve("shards");
        Settings settings = Settings.load(
                List.of(),
                List.of(
                        "model.dir=" + model,
                        "run.shards=" + shards,
                        "engine.threads=1",
                        "encoder.batch_size=" + number("batch", 8)));
        EngineThreads.apply(settings, 1);
        HfModelFolder weights = HfModelFolder.open(model);
        try (SparkSession spark = SparkSession.builder()
                        .master("local[" + threads + "]")
                        .appName("fednano benchmark")
                        .config("spark.ui.enabled", false)
                        .getOrCreate();
                EmbeddedLlm llm = EmbeddedLlm.open(weights);
                BareLoop bare = new BareLoop(weights, pictures, threads, settings.get(ModelKeys.ENCODER_BATCH))) {
            writeShards(spark, shards);
            NanoEdgeSpec edge = NanoEdgeSpec.of(weights, settings);
            try (ClientCluster cluster = new ClientCluster(
                    spark.sparkContext(), settings, Federation.of(spark, settings), weights, edge, llm)) {
                measure(spark, shards, settings, bare, cluster);
            }
        }
    }

    private void measure(SparkSession spark, Path shards, Settings settings, BareLoop bare, ClientCluster cluster)
            throws Exception {
        NanoEdgeEncoder encoder = new NanoEdgeEncoder()
                .setInputCol("image")
                .setOutputCol("features")
                .setModelDir(settings.get(ModelKeys.DIR))
                .setBatchSize(settings.get(ModelKeys.ENCODER_BATCH))
                .setPooling(arguments.getOrDefault("pooling", "none"));
        Dataset<Row> table = spark.read().parquet(shards.resolve("clients").toString());
        if (table.javaRDD().getNumPartitions() != threads) {
            throw new AssertionError("Partitions: expected " + threads + ", got "
                    + table.javaRDD().getNumPartitions());
        }
        requireSameFeatures(encoder.copy(ParamMap.empty()), table, bare);
        Map<String, Way> ways = new LinkedHashMap<>();
        ways.put("bare loop", bare::encodeAll);
        ways.put("NanoEdgeEncoder", () -> encoder.transform(table)
                .write()
                .format("noop")
                .mode("overwrite")
                .save());
        ways.put("encode", () -> encode(cluster, shards));
        time(ways);
    }

    /** A way to build all features. */
    private interface Way {
        void run() throws Exception;
    }

    private void time(Map<String, Way> ways) throws Exception {
        List<String> names = new ArrayList<>(ways.keySet());
        for (String name : names) {
            ways.get(name).run(); // loads weights, compiles
        }
        Map<String, List<Cost>> costs = new LinkedHashMap<>();
        for (int pair = 0; pair < number("pairs", 5); pair++) {
            for (int i = 0; i < names.size(); i++) {
                String name = names.get((i + pair) % names.size());
                costs.computeIfAbsent(name, n -> new ArrayList<>()).add(cost(ways.get(name)));
            }
        }
        List<Cost> loop = costs.get(names.get(0));
        for (String name : names) {
            List<Cost> own = costs.get(name);
            List<Double> ratios = IntStream.range(0, loop.size())
                    .mapToObj(i -> loop.get(i).seconds / own.get(i).seconds)
                    .sorted()
                    .toList();
            System.out.printf(
                    Locale.ROOT,
                    "%-16s %8.1f pictures/s, of the bare loop %.3f (%.3f to %.3f), %d pairs; %.1f ms of CPU a picture%n",
                    name,
                    pictures.size()
                            / Bench.median(own.stream().map(Cost::seconds).toList()),
                    Bench.median(ratios),
                    ratios.get(0),
                    ratios.get(ratios.size() - 1),
                    ratios.size(),
                    1e3 * Bench.median(own.stream().map(Cost::cpuSeconds).toList()) / pictures.size());
        }
    }

    /**
     * What all pictures cost.
     *
     * @param cpuSeconds of all threads of this process: less sensitive to what else runs on the machine
     */
    private record Cost(double seconds, double cpuSeconds) {}

    private static Cost cost(Way way) throws Exception {
        var process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long cpu = process.getProcessCpuTime();
        long from = System.nanoTime();
        way.run();
        return new Cost((System.nanoTime() - from) / 1e9, (process.getProcessCpuTime() - cpu) / 1e9);
    }

    private void encode(ClientCluster cluster, Path shards) throws IOException {
        for (String made : List.of("features", "embeddings")) {
            if (Files.exists(shards.resolve(made))) {
                delete(shards.resolve(made));
            }
        }
        long rows = cluster.encode().rows();
        if (rows != pictures.size()) {
            throw new AssertionError("Rows encoded: expected " + pictures.size() + ", got " + rows);
        }
    }

    private void requireSameFeatures(NanoEdgeEncoder encoder, Dataset<Row> table, BareLoop bare) {
        List<Row> some = encoder.setPooling("none")
                .transform(table)
                .filter("sample_id = 's0'")
                .select("features")
                .collectAsList();
        List<Float> found = some.get(0).getList(0);
        float[] expected = bare.encode(pictures.subList(0, 1));
        for (int i = 0; i < found.size(); i++) {
            if (Math.abs(expected[i] - found.get(i)) > 1e-4 * Math.max(1, Math.abs(expected[i]))) {
                throw new AssertionError("Value " + i + ": expected " + expected[i] + ", got " + found.get(i));
            }
        }
    }

    /** A client per thread, a Parquet file each. */
    private void writeShards(SparkSession spark, Path shards) throws IOException {
        int part = pictures.size() / threads;
        List<String> clients = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            List<Row> rows = new ArrayList<>();
            for (int i = t * part; i < (t + 1) * part; i++) {
                rows.add(RowFactory.create("s" + i, "what color is the star?", "red", pictures.get(i)));
            }
            String client = "c" + t;
            spark.createDataFrame(rows, SCHEMA)
                    .coalesce(1)
                    .write()
                    .parquet(shards.resolve("clients/client_id=" + client + "/split=train")
                            .toString());
            clients.add("{\"client_id\": \"" + client + "\", \"rows\": {\"train\": " + part + "}}");
        }
        Files.writeString(
                shards.resolve("manifest.json"),
                "{\"format\": 1, \"source_fingerprint\": \"synthetic\", \"clients\": [" + String.join(", ", clients)
                        + "]}");
    }

    /** Shapes on a plain ground, as drawn questions have them. */
    private static byte[] picture(int seed, int side) {
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        Random random = new Random(seed);
        for (int i = 0; i < 12; i++) {
            g.setColor(new Color(random.nextInt(1 << 24)));
            g.fillOval(random.nextInt(side), random.nextInt(side), 1 + side / 4, 1 + side / 4);
        }
        g.dispose();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
