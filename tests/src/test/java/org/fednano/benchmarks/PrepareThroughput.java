package org.fednano.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.fednano.prep.Prepare;
import org.fednano.settings.DataKeys;
import org.fednano.settings.Settings;

/**
 * {@code prepare} over IconWorld against {@link PlainPrepare} with as many threads, in turns, each first in every other pair,
 * and the most heap that {@code prepare} needed. Arguments: {@code key=value} settings; {@code prepare.source} must be what
 * {@code fednano generate} drew, with {@code prepare.split} left at {@code owner}. The heap is {@code FEDNANO_DRIVER_MEMORY}.
 */
public final class PrepareThroughput {

    private static final int CORES = 2;
    private static final int WARM_UP = 1;
    private static final int PAIRS = 7;

    private PrepareThroughput() {}

    public static void main(String[] args) throws IOException {
        Settings settings = Settings.load(List.of(), List.of(args));
        Path source = Path.of(settings.get(DataKeys.SOURCE));
        Path temp = Files.createTempDirectory(source.toAbsolutePath().getParent(), "throughput");
        List<Double> ratios = new ArrayList<>();
        double peak = 0;
        System.out.printf(
                Locale.ROOT,
                "heap: at most %.0f MB%n%6s %12s %12s %8s %12s %16s%n",
                Runtime.getRuntime().maxMemory() / 1e6,
                "pair",
                "prepare s",
                "plain s",
                "ratio",
                "ratio of CPU",
                "heap after GC MB");
        try (SparkSession spark = session("local[" + CORES + "]")) {
            for (int pair = 1 - WARM_UP; pair <= PAIRS; pair++) {
                boolean plainFirst = pair % 2 == 0;
                Cost plain = plainFirst ? plain(source, temp) : null;
                Cost prepared = prepare(settings, spark, temp);
                plain = plainFirst ? plain : plain(source, temp);
                double ratio = prepared.seconds / plain.seconds;
                System.out.printf(
                        Locale.ROOT,
                        "%6s %12.3f %12.3f %8.3f %12.3f %16.1f%n",
                        pair < 1 ? "warm" : pair,
                        prepared.seconds,
                        plain.seconds,
                        ratio,
                        prepared.cpuSeconds / plain.cpuSeconds,
                        prepared.heapMegabytes);
                peak = Math.max(peak, prepared.heapMegabytes);
                if (pair >= 1) {
                    ratios.add(ratio);
                }
            }
        } finally {
            delete(temp);
        }
        System.out.printf(
                Locale.ROOT,
                "ratio prepare/plain: median %.3f, min %.3f, max %.3f over %d pairs; heap after GC at most %.1f MB%n",
                Bench.median(ratios),
                ratios.stream().min(Double::compare).orElseThrow(),
                ratios.stream().max(Double::compare).orElseThrow(),
                PAIRS,
                peak);
    }

    static SparkSession session(String master) {
        return SparkSession.builder()
                .master(master)
                .appName("fednano benchmark")
                .config("spark.ui.enabled", false)
                .config("spark.driver.maxResultSize", "0")
                .getOrCreate();
    }

    private static Cost plain(Path source, Path temp) throws IOException {
        Path out = temp.resolve("plain");
        Cost cost = Cost.of(() -> {
            if (new PlainPrepare(source, out).run(CORES) == 0) {
                throw new IllegalStateException("The plain loop wrote nothing");
            }
        });
        delete(out);
        return cost;
    }

    private static Cost prepare(Settings settings, SparkSession spark, Path temp) throws IOException {
        Path out = temp.resolve("shards");
        Cost cost = Cost.of(
                () -> new Prepare(settings.with(DataKeys.PREPARE_OUT, out.toString()), spark, line -> {}).run(false));
        delete(out);
        return cost;
    }

    /** What something took; the CPU time is the whole process's, so it holds where others use the machine too. */
    record Cost(double seconds, double cpuSeconds, double heapMegabytes) {

        public interface Work {
            void run() throws IOException;
        }

        static Cost of(Work work) throws IOException {
            OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            try (HeapPeak heap = new HeapPeak()) {
                long cpu = system.getProcessCpuTime();
                long begin = System.nanoTime();
                work.run();
                double seconds = (System.nanoTime() - begin) / 1e9;
                double cpuSeconds = (system.getProcessCpuTime() - cpu) / 1e9;
                return new Cost(seconds, cpuSeconds, heap.megabytes());
            }
        }
    }

    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
