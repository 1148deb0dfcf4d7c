package org.fednano.runstore;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.fednano.adapter.AdapterLayout;
import org.fednano.digest.Sha256;
import org.fednano.files.FaultInjector;
import org.fednano.files.HdfsFiles;
import org.fednano.files.Json;
import org.fednano.files.Lease;
import org.fednano.files.LocalFiles;
import org.fednano.files.ObjectFiles;
import org.fednano.files.RunFiles;
import org.fednano.metrics.RoundMetrics;
import org.fednano.metrics.Rows;
import org.fednano.settings.Settings;

/** Small runs for the tests of this package, in {@code root/run} with metrics in {@code root/metrics}. */
public final class Runs {

    /** No heartbeat during a test: its file operations would come between the test's. */
    public static final Lease.Timing QUIET = new Lease.Timing(Duration.ofHours(1), Duration.ofSeconds(60));

    public static final Configuration HADOOP = new Configuration();

    static {
        HADOOP.set("fs.AbstractFileSystem.file.impl", "org.apache.hadoop.fs.local.RawLocalFs");
    }

    static final AdapterLayout LAYOUT = AdapterLayout.of("both", 3, 2, 4);
    static final Fingerprints PRINTS = new Fingerprints("llm-1", "encoder-1", "shards-1");

    private Runs() {}

    /** The file layers, all over the local disk here. */
    public enum Layer {
        LOCAL,
        HDFS,
        OBJECTS;

        public RunFiles files(FaultInjector hook) throws IOException {
            RawLocalFileSystem raw = new RawLocalFileSystem();
            raw.initialize(URI.create("file:///"), HADOOP);
            return switch (this) {
                case LOCAL -> new LocalFiles(hook);
                case HDFS -> new HdfsFiles(raw, FileContext.getFileContext(URI.create("file:///"), HADOOP), hook);
                case OBJECTS -> new ObjectFiles(raw, hook);
            };
        }
    }

    static RunSpec spec(Path root, String... sets) {
        return spec(root, PRINTS, sets);
    }

    static RunSpec spec(Path root, Fingerprints prints, String... sets) {
        List<String> all = Stream.concat(
                        Stream.of("run.dir=" + root.resolve("run"), "run.metrics_dir=" + root.resolve("metrics")),
                        Stream.of(sets))
                .toList();
        return new RunSpec(Settings.load(List.of(), all), prints, Map.of("java", "17"));
    }

    public static RunStore open(Path root, String... sets) {
        return RunStore.open(spec(root, sets), HADOOP, QUIET, FaultInjector.NONE);
    }

    public static RunStore open(Layer layer, Path root, FaultInjector hook) throws IOException {
        return RunStore.open(layer.files(hook), hadoop(root.resolve("run")), spec(root), HADOOP, QUIET, hook);
    }

    public static RunReader reader(Path root) {
        return RunReader.open(root.resolve("run").toString(), HADOOP);
    }

    public static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path("file://" + path);
    }

    public static AdapterFile adapter(int round) {
        float[] theta = new float[LAYOUT.size()];
        for (int i = 0; i < theta.length; i++) {
            theta[i] = round + i / 100f;
        }
        return AdapterFile.of(round, LAYOUT, theta);
    }

    public static RoundCommit result(int round) {
        return new RoundCommit(
                adapter(round), round == 0 ? List.of() : List.of("c001", "c002"), Rows.all(round, "fednano"), false);
    }

    /** Commits what is missing up to a round. */
    public static void train(RunStore store, int upTo) {
        for (int round = store.lastCommitted().orElse(-1) + 1; round <= upTo; round++) {
            store.commit(result(round));
        }
    }

    /** Makes the lease one of a process that is gone, as a kill does. */
    public static void bury(Path root) throws IOException {
        rewriteLease(root, "\"pid\" : [0-9]+", "\"pid\" : 99999999");
    }

    /** Makes the lease one of another host that gave no sign of life for an hour. */
    public static void age(Path root) throws IOException {
        rewriteLease(root, "\"host\" : \"[^\"]*\"", "\"host\" : \"elsewhere\"");
        for (Path lease : leases(root)) {
            Files.setLastModifiedTime(
                    lease,
                    java.nio.file.attribute.FileTime.fromMillis(
                            Files.getLastModifiedTime(lease).toMillis() - 3_600_000));
        }
    }

    public static List<Path> leases(Path root) throws IOException {
        if (!Files.exists(root.resolve("run/lease"))) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(root.resolve("run/lease"))) {
            return files.filter(f -> f.getFileName().toString().matches("[0-9]+\\.json"))
                    .sorted()
                    .toList();
        }
    }

    private static void rewriteLease(Path root, String pattern, String text) throws IOException {
        for (Path lease : leases(root)) {
            String changed = Files.readString(lease).replaceAll(pattern, text);
            Files.write(lease, Json.bytes((ObjectNode) Json.parse(changed)));
        }
    }

    /** All files below a folder, relative, sorted; temporary ones left out where kills were simulated. */
    public static SortedSet<String> files(Path folder, boolean withTemporaries) {
        try (Stream<Path> all = Files.walk(folder)) {
            SortedSet<String> names = new TreeSet<>();
            all.filter(Files::isRegularFile)
                    .filter(f -> withTemporaries || !f.getFileName().toString().startsWith(RunFiles.TEMPORARY))
                    .forEach(f -> names.add(folder.relativize(f).toString()));
            return names;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Every metric file with its SHA-256, by name. */
    public static Map<String, String> published(Path root) throws IOException {
        Map<String, String> files = new TreeMap<>();
        Path metrics = root.resolve("metrics");
        for (String name : files(metrics, false)) {
            if (!name.startsWith("_runs")) {
                files.put(name, Sha256.of(Files.readAllBytes(metrics.resolve(name))));
            }
        }
        return files;
    }

    /** A result with few metric files, where a test commits many rounds; its evaluation comes later. */
    public static RoundCommit small(int round) {
        RoundMetrics rows = new RoundMetrics(Rows.all(round, "fednano").rounds(), List.of(), List.of(), List.of());
        return new RoundCommit(adapter(round), List.of(), rows, true);
    }

    public static RoundMetrics smallEvaluation(int round) {
        var evaluations = Rows.all(round, "fednano").evaluations().stream()
                .filter(e -> e.split().equals("test"))
                .toList();
        return RoundMetrics.evaluation(evaluations, List.of());
    }

    /** What METRICS must hold after these rounds: each committed file once. */
    static Map<String, String> expected(int lastRound) {
        return expected(lastRound, round -> List.of(result(round).metrics()));
    }

    static Map<String, String> expectedSmall(int lastRound) {
        return expected(lastRound, round -> List.of(small(round).metrics(), smallEvaluation(round)));
    }

    private static Map<String, String> expected(int lastRound, IntFunction<List<RoundMetrics>> metrics) {
        Map<String, String> files = new TreeMap<>();
        for (int round = 0; round <= lastRound; round++) {
            for (RoundMetrics some : metrics.apply(round)) {
                for (var file : some.files()) {
                    files.put(file.table() + "/run_id=run/round=" + round + "/" + file.name(), Sha256.of(file.bytes()));
                }
            }
        }
        return files;
    }
}
