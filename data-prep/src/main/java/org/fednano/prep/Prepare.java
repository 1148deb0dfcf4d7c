package org.fednano.prep;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import org.fednano.sample.Split;
import org.fednano.settings.DataKeys;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;

/**
 * The job behind {@code prepare}: a raw data set becomes one shard per client. Pictures are read by executors, each of
 * them twice (to check it, to write it), and never pass the driver; the driver holds the texts.
 */
public final class Prepare {

    /** Records per checking task: a second or so of work, and the grain of progress lines. */
    private static final int RECORDS_PER_TASK = 1000;

    /** Media that came inside records wait here, in the unfinished output. */
    private static final String SPOOL = "_spool";

    private final Settings settings;
    private final JavaSparkContext spark;
    private final Configuration hadoop;
    private final Broadcast<SerializableConfiguration> shared;
    private final Consumer<String> say;
    private final String source;
    private final Path out;

    /**
     * @param settings {@code prepare.*}
     * @param say receives lines for people
     */
    public Prepare(Settings settings, SparkSession session, Consumer<String> say) {
        this.settings = settings;
        this.spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        this.hadoop = spark.hadoopConfiguration();
        this.shared = spark.broadcast(new SerializableConfiguration(hadoop));
        this.say = say;
        this.source = settings.get(DataKeys.SOURCE);
        this.out = new Path(settings.get(DataKeys.PREPARE_OUT));
    }

    /**
     * Reads, checks, splits and writes; or, dry, stops before it writes.
     *
     * @throws JobException with status 2 if the output exists or the settings ask for what the data cannot give; with
     *     status 3 if the data set is unreadable, too much of it is rejected, or an owner lacks training rows
     */
    public void run(boolean dry) {
        try {
            refuseExistingOutput();
            if (dry) {
                shards(RawPlaces.of(settings, null));
                return;
            }
            publish(partial -> {
                Path spool = new Path(partial, SPOOL);
                RawPlaces places = RawPlaces.of(settings, spool.toString());
                Shards shards = shards(places);
                Map<String, Map<String, String>> contents = writeShards(partial, places, shards.clients());
                spool.getFileSystem(hadoop).delete(spool, true);
                writeRejects(partial, shards.outcomes().rejects());
                writeManifest(partial, manifest(shards, contents));
            });
            say.accept("shards written to " + out);
        } catch (UnsupportedFileSystemException e) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "prepare.source and prepare.out must lie on file systems that Hadoop knows here: " + e.getMessage()
                            + ". Correct the scheme, or give Spark the file system's jar.",
                    e);
        } catch (IOException e) {
            throw new JobException(
                    ExitStatus.FAILED,
                    "prepare stopped on reading " + source + " or writing " + out + ": " + e
                            + ". Nothing was left in prepare.out; check the file system and run it again.",
                    e);
        }
    }

    /** What will be written. */
    private record Shards(
            RawIndex index, Outcomes outcomes, ClientSplits splits, SortedMap<String, List<Accepted>> clients) {}

    private Shards shards(RawPlaces places) throws IOException {
        RawFormat format = RawFormat.of(settings);
        RawIndex index = format.index(new IndexFiles(source, hadoop));
        MediaFiles.requireFolder(places, hadoop);
        Outcomes outcomes = Outcomes.of(check(format, places, index));
        outcomes.sayCounts(say);
        outcomes.refuseTooMany(settings.get(DataKeys.MAX_REJECTS), source);
        ClientSplits splits = new ClientSplits(
                settings,
                (samples, clusters) -> new PictureClusters(settings, spark, shared, places, say).of(samples, clusters));
        SortedMap<String, List<Accepted>> clients = splits.assign(outcomes.accepted());
        sayShards(clients);
        return new Shards(index, outcomes, splits, clients);
    }

    private void refuseExistingOutput() throws IOException {
        if (out.getFileSystem(hadoop).exists(out)) {
            throw JobException.usage("prepare.out must not exist yet, so that nothing is overwritten: found " + out
                    + ". Remove it or give another folder with --set prepare.out=….");
        }
    }

    private List<Checked> check(RawFormat format, RawPlaces places, RawIndex index) {
        spark.sc().setJobDescription(String.format("FedNano prepare · checking %,d records", index.records()));
        LongAccumulator done = spark.sc().longAccumulator("records checked");
        long tasks = Math.max(spark.defaultParallelism(), index.records() / RECORDS_PER_TASK);
        Broadcast<SerializableConfiguration> conf = shared;
        JavaRDD<byte[]> rdd = spark.parallelize(
                        index.spans(), (int) Math.min(tasks, index.spans().size()))
                .mapPartitions(spans -> {
                    List<Checked> outcomes = new ArrayList<>();
                    try (RawFiles files = new RawFiles(places, conf.value().value())) {
                        while (spans.hasNext()) {
                            format.check(spans.next(), files, outcome -> {
                                outcomes.add(outcome);
                                done.add(1);
                            });
                        }
                    }
                    return List.of(Packed.of(outcomes)).iterator();
                });
        List<byte[]> packed = Waiting.on(
                spark,
                say,
                rdd.collectAsync(),
                () -> String.format("checked %,d of %,d records", done.value(), index.records()));
        return packed.stream().flatMap(p -> Packed.read(p).stream()).toList();
    }

    private void sayShards(SortedMap<String, List<Accepted>> shards) {
        say.accept(String.format("%,d clients, split by %s", shards.size(), settings.get(DataKeys.SPLIT)));
        shards.forEach((client, samples) -> {
            Map<Split, Long> n =
                    samples.stream().collect(Collectors.groupingBy(Accepted::split, Collectors.counting()));
            say.accept(String.format(
                    "  %s: train %,d, val %,d, test %,d, balanced %,d",
                    client,
                    n.getOrDefault(Split.TRAIN, 0L),
                    n.getOrDefault(Split.VAL, 0L),
                    n.getOrDefault(Split.TEST, 0L),
                    n.getOrDefault(Split.BALANCED, 0L)));
        });
    }

    private interface Writing {
        void to(Path partial) throws IOException;
    }

    /** Writes beside the output and renames when complete; a failure leaves nothing behind. */
    private void publish(Writing writing) throws IOException {
        FileSystem files = out.getFileSystem(hadoop);
        // Three parts: a colon in a name is no scheme.
        Path name = new Path(null, null, "." + out.getName() + ".partial-" + UUID.randomUUID());
        Path partial = new Path(files.makeQualified(out).getParent(), name);
        makeFolder(files, partial);
        try {
            writing.to(partial);
            // Unlike FileSystem.rename this never moves into a folder that another writer made meanwhile.
            FileContext.getFileContext(partial.toUri(), hadoop).rename(partial, files.makeQualified(out));
        } finally {
            files.delete(partial, true);
        }
    }

    private void makeFolder(FileSystem files, Path partial) {
        try {
            if (files.mkdirs(partial)) {
                return;
            }
            throw new IOException("no folder was made at " + partial);
        } catch (IOException e) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "prepare.out must be a folder that can be created: " + out + " cannot (" + e.getMessage()
                            + "). Give another one with --set prepare.out=….",
                    e);
        }
    }

    /** One client's samples of one split. */
    private record Part(String client, Split split, int rows, byte[] samples) implements java.io.Serializable {}

    private record Written(String client, Split split, String content) implements java.io.Serializable {}

    private Map<String, Map<String, String>> writeShards(
            Path partial, RawPlaces places, SortedMap<String, List<Accepted>> shards) {
        List<Part> parts = new ArrayList<>();
        shards.forEach((client, samples) -> {
            for (Split split : Split.values()) {
                List<Checked> own = samples.stream()
                        .filter(s -> s.split() == split)
                        .map(Checked::of)
                        .toList();
                if (!own.isEmpty()) {
                    parts.add(new Part(client, split, own.size(), Packed.of(own)));
                }
            }
        });
        parts.sort(Comparator.comparingInt(Part::rows).reversed()); // the longest last would leave cores idle
        boolean withMedia = shards.values().stream().flatMap(List::stream).anyMatch(ParquetFiles::needsMedia);
        spark.sc().setJobDescription(String.format("FedNano prepare · writing %,d shards", shards.size()));
        LongAccumulator done = spark.sc().longAccumulator("files written");
        Broadcast<SerializableConfiguration> conf = shared;
        String home = partial.toString();
        JavaRDD<Written> rdd = spark.parallelize(parts, parts.size()).map(part -> {
            Path folder = new Path(
                    home,
                    "clients/client_id=" + part.client() + "/split="
                            + part.split().text());
            Configuration hadoop = conf.value().value();
            try (MediaFiles media = new MediaFiles(places, hadoop)) {
                List<Accepted> samples = Packed.read(part.samples()).stream()
                        .map(Checked::accepted)
                        .toList();
                String content = ParquetFiles.writeShard(folder, part.client(), media, samples, withMedia, hadoop);
                done.add(1);
                return new Written(part.client(), part.split(), content);
            }
        });
        List<Written> written = Waiting.on(
                spark,
                say,
                rdd.collectAsync(),
                () -> String.format("wrote %,d of %,d files", done.value(), parts.size()));
        return written.stream()
                .collect(Collectors.groupingBy(
                        Written::client, Collectors.toMap(w -> w.split().text(), Written::content)));
    }

    private void writeRejects(Path partial, SortedMap<String, List<Reject>> rejects) throws IOException {
        for (var reason : rejects.entrySet()) {
            ParquetFiles.writeRejects(
                    new Path(partial, "rejects/reason=" + reason.getKey()), reason.getValue(), hadoop);
        }
    }

    private Manifest manifest(Shards shards, Map<String, Map<String, String>> contents) {
        SortedMap<String, Integer> rejected = new TreeMap<>();
        shards.outcomes().rejects().forEach((reason, list) -> rejected.put(reason, list.size()));
        List<Manifest.Client> clients = shards.clients().entrySet().stream()
                .map(e -> Manifest.Client.of(e.getKey(), e.getValue(), contents.getOrDefault(e.getKey(), Map.of())))
                .toList();
        int kept = shards.clients().values().stream().mapToInt(List::size).sum();
        return new Manifest(
                source,
                shards.index().fingerprint(),
                shards.splits().describe(),
                clients,
                shards.outcomes().read(),
                kept,
                rejected);
    }

    private void writeManifest(Path partial, Manifest manifest) throws IOException {
        Path file = new Path(partial, Manifest.NAME);
        try (OutputStream bytes = file.getFileSystem(hadoop).create(file, false)) {
            bytes.write(manifest.json().getBytes(StandardCharsets.UTF_8));
        }
    }
}
