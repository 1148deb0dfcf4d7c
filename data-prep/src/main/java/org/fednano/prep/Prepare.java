package org.fednano.prep;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.encode;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import org.fednano.console.StatusLine;
import org.fednano.prep.CheckedRecords.NumberedRange;
import org.fednano.prep.OutputFiles.OutputFile;
import org.fednano.prep.ShardFiles.Content;
import org.fednano.prep.ShardWriting.Written;
import org.fednano.prep.format.RawFormat;
import org.fednano.prep.source.IndexFiles;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.RawIndex;
import org.fednano.prep.source.SourceConfig;
import org.fednano.prep.split.ClientAssignment;
import org.fednano.prep.split.ClientSplits;
import org.fednano.prep.split.ImageClusters;
import org.fednano.sample.Split;
import org.fednano.settings.DataKeys;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;

/**
 * The job behind {@code prepare}: a raw data set becomes one shard per client. Records are read and checked by executors
 * once and wait on their disks; media are read a second time when their shard is written. The driver holds counts by
 * group, client and reason, never records.
 */
public final class Prepare {

    /** Records per checking task: a second or so of work, and the grain of progress lines. */
    private static final int RECORDS_PER_TASK = 1000;

    /** What is sorted at once, in memory. */
    private static final int RECORDS_PER_BUCKET = 40_000;

    /** The driver remembers each task. */
    private static final int MOST_TASKS = 1000;

    /** Media that came inside records wait here, in the unfinished output. */
    private static final String MEDIA = "_spool";

    private final Settings settings;
    private final SparkSession session;
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
        this.session = session.newSession();
        this.session.conf().set("spark.sql.adaptive.enabled", false); // it would run stages before there is progress
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
                stage(SourceConfig.of(settings, null), staged -> {});
                return;
            }
            PartialFolder.publish(out, hadoop, partial -> {
                Path spill = new Path(partial, MEDIA);
                SourceConfig config = SourceConfig.of(settings, spill.toString());
                stage(config, staged -> {
                    Map<OutputFile, Content> contents = writeFiles(partial, config, staged);
                    spill.getFileSystem(hadoop).delete(spill, true);
                    writeManifest(partial, manifest(staged, contents));
                });
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

    /**
     * What became of the raw data set.
     *
     * @param rows of {@link StagedRecord}, on disk with Spark
     */
    private record Staged(
            RawIndex index, ClientSplits splits, Dataset<Row> rows, RecordCounts counts, ClientAssignment assignment) {

        private PrepareResult result() {
            return new PrepareResult(counts.kept(), counts.rejects());
        }
    }

    private interface Using {
        void use(Staged staged) throws IOException;
    }

    /** Reads and checks all records once, deals them to clients, and hands them on as long as they are staged. */
    private void stage(SourceConfig config, Using using) throws IOException {
        RawFormat format = RawFormat.of(settings);
        StatusLine.Step reading = StatusLine.get().step("looking through " + source);
        RawIndex index = format.index(new IndexFiles(source, hadoop));
        reading.end();
        MediaFiles.requireFolder(config, hadoop);
        ClientSplits splits = new ClientSplits(settings);
        LongAccumulator done = spark.sc().longAccumulator("records checked");
        Dataset<Row> rows = checked(format, config, index, splits, done).persist(StorageLevel.DISK_ONLY());
        try {
            RecordCounts counts = count(rows, index, done);
            PrepareResult result = new PrepareResult(counts.kept(), counts.rejects());
            result.sayCounts(say);
            result.refuseTooMany(settings.get(DataKeys.MAX_REJECTS), source);
            SortedMap<String, long[]> groups = counts.rows();
            ClientAssignment assignment = splits.assign(groups, clusters(rows, groups, splits.clusters(), config));
            sayShards(assignment);
            using.use(new Staged(index, splits, rows, counts, assignment));
        } finally {
            rows.unpersist();
        }
    }

    /** Returns records in the order of the draw, within buckets; those with the same id as they stand in the data set. */
    private Dataset<Row> checked(
            RawFormat format, SourceConfig config, RawIndex index, ClientSplits splits, LongAccumulator done) {
        List<NumberedRange> ranges = new ArrayList<>();
        index.ranges().forEach(range -> ranges.add(new NumberedRange(ranges.size(), range)));
        long tasks = Math.min(MOST_TASKS, Math.max(spark.defaultParallelism(), index.records() / RECORDS_PER_TASK));
        int buckets =
                (int) Math.min(MOST_TASKS, Math.max(spark.defaultParallelism(), index.records() / RECORDS_PER_BUCKET));
        Broadcast<SerializableConfiguration> conf = shared;
        JavaRDD<Row> records = spark.parallelize(ranges, (int) Math.min(tasks, ranges.size()))
                .mapPartitions(part -> new CheckedRecords(
                        part, format, splits, buckets, config, conf.value().value(), done));
        return session.createDataFrame(records, StagedRecord.SCHEMA)
                .repartition(buckets, col(StagedRecord.BUCKET))
                .sortWithinPartitions(
                        col(StagedRecord.KEY), encode(col(StagedRecord.ID), "UTF-16BE"), col(StagedRecord.POSITION));
    }

    private RecordCounts count(Dataset<Row> rows, RawIndex index, LongAccumulator done) {
        spark.sc().setJobDescription(String.format("FedNano prepare · checking %,d records", index.records()));
        JavaRDD<RecordCounts> counts =
                light(rows).mapPartitions(part -> List.of(RecordCounts.of(part)).iterator());
        return JobProgress.on(spark, counts.collectAsync(), "checking records", done, index.records()).stream()
                .reduce(RecordCounts::plus)
                .orElseThrow();
    }

    private static JavaRDD<Row> light(Dataset<Row> rows) {
        return rows.select(StagedRecord.LIGHT.stream().map(functions::col).toArray(Column[]::new))
                .toJavaRDD();
    }

    /** Returns clusters of the images where the split wants them, else null. */
    private ImageClusters.Found clusters(
            Dataset<Row> rows, SortedMap<String, long[]> groups, int clusters, SourceConfig config) {
        if (clusters == 0) {
            return null;
        }
        long images = Arrays.stream(groups.getOrDefault(ClientSplits.WITH_IMAGE, new long[0]))
                .sum();
        say.accept(String.format("features of %,d pictures for their clusters", images));
        JavaRDD<ImageClusters.Shown> shown = light(rows)
                .mapPartitions(StagedRecord::firsts)
                .filter(StagedRecord::hasImage)
                .map(StagedRecord::shown);
        return new ImageClusters(settings, session, shared, config).of(shown, images, clusters);
    }

    private void refuseExistingOutput() throws IOException {
        if (out.getFileSystem(hadoop).exists(out)) {
            throw JobException.usage("prepare.out must not exist yet, so that nothing is overwritten: found " + out
                    + ". Remove it or give another folder with --set prepare.out=….");
        }
    }

    private void sayShards(ClientAssignment assignment) {
        List<String> clients = assignment.clients();
        say.accept(String.format("%,d clients, split by %s", clients.size(), settings.get(DataKeys.SPLIT)));
        for (int k = 0; k < clients.size(); k++) {
            say.accept(String.format(
                    "  %s: train %,d, val %,d, test %,d, balanced %,d",
                    clients.get(k),
                    assignment.count(k, Split.TRAIN),
                    assignment.count(k, Split.VAL),
                    assignment.count(k, Split.TEST),
                    assignment.count(k, Split.BALANCED)));
        }
    }

    /** Writes shards and rejects. */
    private Map<OutputFile, Content> writeFiles(Path partial, SourceConfig config, Staged staged) {
        OutputFiles files = OutputFiles.of(staged.assignment(), staged.counts());
        ShardWriting writing = new ShardWriting(
                staged.assignment(),
                files,
                staged.counts().firstRanks(),
                staged.counts().furtherMedia());
        spark.sc()
                .setJobDescription(String.format(
                        "FedNano prepare · writing %,d shards",
                        staged.assignment().clients().size()));
        LongAccumulator done = spark.sc().longAccumulator("files written");
        Broadcast<SerializableConfiguration> conf = shared;
        String home = partial.toString();
        JavaRDD<Written> rdd = staged.rows()
                .mapPartitions((MapPartitionsFunction<Row, Row>) writing::assign, Encoders.row(ShardWriting.SCHEMA))
                .repartition(files.slots().length, col(ShardWriting.SLOT))
                .sortWithinPartitions(
                        ShardWriting.ORDER.stream().map(functions::col).toArray(Column[]::new))
                .toJavaRDD()
                .mapPartitions(rows -> Iterators.map(
                        writing.write(rows, home, config, conf.value().value()), written -> {
                            done.add(1);
                            return written;
                        }));
        Map<OutputFile, Content> contents = new HashMap<>();
        JobProgress.on(
                        spark,
                        rdd.collectAsync(),
                        "writing files",
                        done,
                        files.files().size())
                .forEach(w -> contents.put(files.files().get(w.file()), w.content()));
        return contents;
    }

    private Manifest manifest(Staged staged, Map<OutputFile, Content> contents) {
        ClientAssignment assignment = staged.assignment();
        List<Manifest.Client> clients = new ArrayList<>();
        for (int k = 0; k < assignment.clients().size(); k++) {
            Map<String, Long> rows = new LinkedHashMap<>();
            for (Split split : Split.values()) {
                rows.put(split.text(), assignment.count(k, split));
            }
            clients.add(new Manifest.Client(
                    assignment.clients().get(k), rows, new TreeMap<>(), new TreeMap<>(), new TreeMap<>()));
        }
        contents.forEach((file, content) -> {
            if (file.isShard()) {
                Manifest.Client client = clients.get(file.client());
                client.contents().put(file.split().text(), content.sha256());
                client.answers().putAll(content.answers()); // of training rows alone
                client.categories().putAll(content.categories());
            }
        });
        SortedMap<String, Long> rejected = new TreeMap<>();
        staged.counts().rejects().forEach((reason, r) -> rejected.put(reason, r.count()));
        PrepareResult result = staged.result();
        return new Manifest(
                source,
                staged.index().fingerprint(),
                staged.splits().describe(),
                clients,
                result.read(),
                result.kept(),
                rejected);
    }

    private void writeManifest(Path partial, Manifest manifest) throws IOException {
        Path file = new Path(partial, Manifest.NAME);
        try (OutputStream bytes = file.getFileSystem(hadoop).create(file, false)) {
            bytes.write(manifest.json().getBytes(StandardCharsets.UTF_8));
        }
    }
}
