package org.fednano.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.fednano.benchmarks.PrepareThroughput.Cost;
import org.fednano.prep.Prepare;
import org.fednano.settings.DataKeys;
import org.fednano.settings.Settings;

/**
 * Every way to split IconWorld over clients: seconds, heap, and whether one, two and four cores with different numbers of
 * partitions make the same manifest, which holds a SHA-256 over the rows of every file. Arguments: {@code key=value}
 * settings; {@code prepare.source} must be what {@code fednano generate} drew. The heap is {@code FEDNANO_DRIVER_MEMORY}.
 */
public final class PrepareSplits {

    private static final List<String> SPLITS = List.of("owner", "iid", "dirichlet", "categories", "clusters");

    /** Master, and partitions where they are not left to it. */
    private static final Map<String, String> MACHINES = new LinkedHashMap<>();

    static {
        MACHINES.put("local[2]", "");
        MACHINES.put("local[1]", "5");
        MACHINES.put("local[4]", "64");
    }

    private PrepareSplits() {}

    public static void main(String[] args) throws IOException {
        Settings given = Settings.load(List.of(), List.of(args));
        Path out = Files.createTempDirectory(
                        Path.of(given.get(DataKeys.SOURCE)).toAbsolutePath().getParent(), "splits")
                .resolve("shards");
        Map<String, String> manifests = new LinkedHashMap<>();
        System.out.printf(
                Locale.ROOT,
                "heap: at most %.0f MB%n%-12s %-10s %10s %10s %16s %s%n",
                Runtime.getRuntime().maxMemory() / 1e6,
                "split",
                "master",
                "seconds",
                "CPU s",
                "heap after GC MB",
                "manifest");
        try {
            for (var machine : MACHINES.entrySet()) {
                if (!machine.getValue().isEmpty()) {
                    System.setProperty("spark.default.parallelism", machine.getValue());
                }
                try (SparkSession spark = PrepareThroughput.session(machine.getKey())) {
                    for (String split : SPLITS) {
                        prepare(given, split, machine.getKey(), spark, out, manifests);
                    }
                }
            }
        } finally {
            PrepareThroughput.delete(out.getParent());
        }
    }

    private static void prepare(
            Settings given, String split, String master, SparkSession spark, Path out, Map<String, String> manifests)
            throws IOException {
        Settings settings = given.with(DataKeys.SPLIT, split).with(DataKeys.PREPARE_OUT, out.toString());
        Settings all = split.equals("categories") ? settings.with(DataKeys.SPLIT_COLUMN, "category") : settings;
        Cost cost = Cost.of(() -> new Prepare(all, spark, line -> {}).run(false));
        String manifest = Files.readString(out.resolve("manifest.json"));
        PrepareThroughput.delete(out);
        String first = manifests.putIfAbsent(split, manifest);
        System.out.printf(
                Locale.ROOT,
                "%-12s %-10s %10.1f %10.1f %16.1f %s%n",
                split,
                master,
                cost.seconds(),
                cost.cpuSeconds(),
                cost.heapMegabytes(),
                first == null ? "first" : first.equals(manifest) ? "equal" : "DIFFERS");
        if (first != null && !first.equals(manifest)) {
            throw new IllegalStateException("prepare.split = " + split + " depends on cores or partitions");
        }
    }
}
