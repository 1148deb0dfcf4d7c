package org.fednano.benchmarks;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.sql.SparkSession;
import org.fednano.cluster.ClientCluster;
import org.fednano.cluster.Survey;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.settings.Settings;
import org.fednano.shards.Federation;
import org.fednano.shards.SharedShards;
import org.fednano.tensor.EngineThreads;
import org.fednano.weights.HfModelFolder;

/**
 * A large encoder of random weights is broadcast to two executors, processes of their own with a heap of 480 MB each on a
 * standalone cluster, and both encode a client's pictures with it. Told: the peak of each process' resident memory (VmHWM)
 * over the bytes of the encoder. With 3 GB each executor must stay within 1.3 times what weights and one batch need.
 *
 * <p>Arguments: gigabytes of the encoder (default 3), then {@code key=value} settings. Takes four times the encoder on disk.
 */
public final class EncoderBroadcast {

    private static final int ROWS = 6; // a batch and a half for each client
    private static final int BATCH = 4;
    private static final Path MODEL = Path.of("conf/models/nano-llava");
    private static final MessageType SCHEMA = MessageTypeParser.parseMessageType(
            "message sample { required binary sample_id (STRING); required binary question (STRING);"
                    + " required binary answer (STRING); optional binary image; }");

    private EncoderBroadcast() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        boolean given = args.length > 0 && !args[0].contains("=");
        double gigabytes = given ? Double.parseDouble(args[0]) : 3;
        Path folder = Files.createTempDirectory(
                Files.createDirectories(Path.of("work").toAbsolutePath()), "encoder-broadcast-");
        List<Process> processes = new ArrayList<>();
        try {
            long bytes = WideEncoder.write(folder.resolve("model"), gigabytes, MODEL.resolve("tokenizer.json"));
            writeShards(folder.resolve("shards"));
            List<String> sets = new ArrayList<>(List.of(
                    "model.dir=" + folder.resolve("model"),
                    "run.shards=" + folder.resolve("shards"),
                    "encoder.batch_size=" + BATCH));
            sets.addAll(Arrays.asList(args).subList(given ? 1 : 0, args.length));
            String master = cluster(folder, processes);
            encode(Settings.load(List.of(), sets), master, folder, bytes);
        } finally {
            processes.forEach(EncoderBroadcast::stop);
            delete(folder);
        }
    }

    private static void encode(Settings settings, String master, Path folder, long bytes) throws IOException {
        EngineThreads.apply(settings, 1);
        // A heap that stays near what lives in it: garbage is memory, too.
        String java = "-XX:+UseSerialGC -Xmn48m -XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=15"
                + " -Dai.djl.offline=true -DOPT_OUT_TRACKING=true -Dai.djl.pytorch.num_threads=1"
                + " -Dai.djl.pytorch.num_interop_threads=1";
        try (SparkSession spark = SparkSession.builder()
                        .master(master)
                        .appName("fednano benchmark")
                        .config("spark.ui.enabled", false)
                        .config("spark.driver.host", "127.0.0.1")
                        .config("spark.local.dir", folder.resolve("scratch").toString())
                        .config("spark.executor.cores", 1)
                        .config("spark.cores.max", 2)
                        .config("spark.executor.memory", "480m")
                        .config("spark.executorEnv.MALLOC_ARENA_MAX", "2")
                        .config("spark.executorEnv.MALLOC_MMAP_THRESHOLD_", "262144") // freed at once
                        .config("spark.memory.fraction", "0.3") // blocks of a broadcast go to disk
                        .config("spark.scheduler.minRegisteredResourcesRatio", "1")
                        .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                        .config("spark.executor.extraJavaOptions", java)
                        .getOrCreate();
                EmbeddedLlm llm = EmbeddedLlm.open(HfModelFolder.open(folder.resolve("model")))) {
            HfModelFolder model = HfModelFolder.open(folder.resolve("model"));
            long from = System.nanoTime();
            NanoEdgeSpec edge = NanoEdgeSpec.of(model, settings);
            double digest = (System.nanoTime() - from) / 1e9;
            var hadoop = spark.sparkContext().hadoopConfiguration();
            Federation shards = Federation.of(
                    SharedShards.open(hadoop, folder.resolve("shards").toString()), hadoop);
            try (ClientCluster cluster = new ClientCluster(spark.sparkContext(), settings, shards, model, edge, llm)) {
                from = System.nanoTime();
                Survey encoded = cluster.encode();
                double seconds = (System.nanoTime() - from) / 1e9;
                if (encoded.rows() != 2 * ROWS) {
                    throw new AssertionError("Rows encoded: expected " + 2 * ROWS + ", got " + encoded.rows());
                }
                System.out.printf(
                        "encoder %.3f GB, digest %.1f s, broadcast and %d pictures %.1f s%n",
                        bytes / 1e9, digest, encoded.rows(), seconds);
                tell(spark.sparkContext().applicationId(), bytes);
            }
        }
    }

    private static void tell(String application, long bytes) throws IOException {
        Map<Long, Long> executors = executors(application);
        executors.forEach((pid, peak) -> System.out.printf(
                "executor %d: peak %.3f GB, %.3f x the encoder%n", pid, peak / 1e9, (double) peak / bytes));
        long driver = peak(ProcessHandle.current().pid());
        System.out.printf("driver: peak %.3f GB, %.3f x the encoder%n", driver / 1e9, (double) driver / bytes);
        if (executors.size() != 2) {
            throw new AssertionError("Executors: expected 2, got " + executors);
        }
    }

    /** Process ids of an application's executors with their peak memory. */
    private static Map<Long, Long> executors(String application) throws IOException {
        Map<Long, Long> peaks = new TreeMap<>();
        for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
            Path command = Path.of("/proc/" + process.pid() + "/cmdline");
            if (Files.isReadable(command)) {
                String text = Files.readString(command, StandardCharsets.ISO_8859_1);
                if (text.contains("CoarseGrainedExecutorBackend") && text.contains(application)) {
                    peaks.put(process.pid(), peak(process.pid()));
                }
            }
        }
        return peaks;
    }

    private static long peak(long pid) throws IOException {
        Matcher matcher =
                Pattern.compile("VmHWM:\\s+(\\d+) kB").matcher(Files.readString(Path.of("/proc/" + pid + "/status")));
        if (!matcher.find()) {
            throw new AssertionError("No VmHWM of process " + pid);
        }
        return 1024 * Long.parseLong(matcher.group(1));
    }

    /** Master and worker; their folder of jars is empty, since executors get this process' class path. */
    private static String cluster(Path folder, List<Process> processes) throws IOException, InterruptedException {
        Path home =
                Files.createDirectories(folder.resolve("home/jars")).getParent().toAbsolutePath();
        Path log = folder.resolve("master.log");
        processes.add(start(home, log, "master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0"));
        String url = await(processes.get(0), log, "Starting Spark master at (spark://[0-9.:]+)");
        Path worker = folder.resolve("worker.log");
        processes.add(start(
                home,
                worker,
                "worker.Worker",
                "--host",
                "127.0.0.1",
                "--webui-port",
                "0",
                "--cores",
                "2",
                "--memory",
                "2g",
                "--work-dir",
                folder.resolve("executors").toAbsolutePath().toString(),
                url));
        await(processes.get(1), worker, "Successfully registered with (master)");
        return url;
    }

    private static Process start(Path home, Path log, String name, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx256m",
                "-Dlog4j2.level=INFO",
                "-cp",
                System.getProperty("java.class.path"),
                "org.apache.spark.deploy." + name));
        command.addAll(List.of(more));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("SPARK_HOME", home.toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.12");
        return builder.start();
    }

    private static String await(Process process, Path log, String pattern) throws IOException, InterruptedException {
        while (true) {
            Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(log));
            if (matcher.find()) {
                return matcher.group(1);
            }
            if (!process.isAlive()) {
                throw new AssertionError("Expected '" + pattern + "' from Spark:\n" + Files.readString(log));
            }
            Thread.sleep(100);
        }
    }

    private static void stop(Process process) {
        process.destroy();
        process.onExit().join();
    }

    private static void writeShards(Path folder) throws IOException {
        for (String client : List.of("c001", "c002")) {
            Path file = folder.resolve("clients/client_id=" + client + "/split=train/part-00000.parquet");
            try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
                    .withConf(new Configuration())
                    .withType(SCHEMA)
                    .build()) {
                for (int i = 0; i < ROWS; i++) {
                    Group row = new SimpleGroup(SCHEMA);
                    row.append("sample_id", client + i)
                            .append("question", "what color ?")
                            .append("answer", "red");
                    row.append("image", Binary.fromConstantByteArray(picture(i)));
                    writer.write(row);
                }
            }
        }
        Files.writeString(
                folder.resolve("manifest.json"),
                "{\"format\": 1, \"source_fingerprint\": \"synthetic\", \"clients\": ["
                        + "{\"client_id\": \"c001\", \"rows\": {\"train\": " + ROWS + "}},"
                        + "{\"client_id\": \"c002\", \"rows\": {\"train\": " + ROWS + "}}]}");
    }

    private static byte[] picture(int seed) throws IOException {
        BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 64 * 64; i++) {
            image.setRGB(i % 64, i / 64, (i + seed) * 2654435);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, "png", out);
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
