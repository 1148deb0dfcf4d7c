package org.fednano.benchmarks;

import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.sql.SparkSession;
import org.fednano.prep.Prepare;
import org.fednano.settings.Settings;

/**
 * The driver's heap in use while {@code prepare} goes over generated records without images, a table of JSON lines: the
 * most after a full collection, which is asked for every few seconds. Arguments: a folder for data, then numbers of
 * records. The heap is {@code FEDNANO_DRIVER_MEMORY}; {@code FEDNANO_BENCHMARK_MASTER}, {@code local[2]}, is where tasks
 * run: with {@code local-cluster[1,2,2048]} they are in a process of their own, and the heap is the driver's alone.
 */
public final class PrepareHeap {

    private static final int SECONDS = 5;

    private PrepareHeap() {}

    public static void main(String[] args) throws IOException {
        String master = System.getenv().getOrDefault("FEDNANO_BENCHMARK_MASTER", "local[2]");
        System.out.printf(
                Locale.ROOT,
                "%s, heap: at most %.0f MB%n%12s %10s %12s %24s%n",
                master,
                Runtime.getRuntime().maxMemory() / 1e6,
                "records",
                "input MB",
                "seconds",
                "heap after full GC MB");
        for (String records : List.of(args).subList(1, args.length)) {
            try (SparkSession spark = PrepareThroughput.session(master)) {
                measure(spark, Path.of(args[0]).toAbsolutePath(), Integer.parseInt(records));
            }
        }
    }

    private static void measure(SparkSession spark, Path folder, int records) throws IOException {
        Path raw = folder.resolve("raw");
        Path out = folder.resolve("shards");
        PrepareThroughput.delete(raw);
        PrepareThroughput.delete(out);
        Files.createDirectories(raw);
        long bytes = generate(raw.resolve("rows.jsonl"), records);
        Settings settings = Settings.load(
                List.of(),
                List.of(
                        "prepare.format=table",
                        "prepare.source=" + raw,
                        "prepare.out=" + out,
                        "prepare.split=dirichlet",
                        "prepare.clients=10"));
        AtomicLong peak = new AtomicLong();
        ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor();
        long begin = System.nanoTime();
        try {
            watch.scheduleWithFixedDelay(() -> peak.accumulateAndGet(used(), Math::max), 0, SECONDS, TimeUnit.SECONDS);
            new Prepare(settings, spark, line -> {}).run(false);
        } finally {
            watch.shutdownNow();
        }
        System.out.printf(
                Locale.ROOT,
                "%,12d %10.0f %12.1f %24.1f%n",
                records,
                bytes / 1e6,
                (System.nanoTime() - begin) / 1e9,
                peak.get() / 1e6);
        PrepareThroughput.delete(raw);
        PrepareThroughput.delete(out);
    }

    private static long used() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static long generate(Path file, int records) throws IOException {
        try (BufferedWriter lines = Files.newBufferedWriter(file)) {
            for (int i = 0; i < records; i++) {
                lines.write(String.format(
                        Locale.ROOT,
                        "{\"id\": \"r%08d\", \"question\": \"How many of the %d things are left?\", \"answer\": \"%d\","
                                + " \"category\": \"c%d\", \"split\": \"%s\"}\n",
                        (i * 7919L) % records, // in no order
                        i % 1000,
                        i % 50,
                        i % 12,
                        i % 10 == 0 ? "test" : "train"));
            }
        }
        return Files.size(file);
    }
}
