package org.fednano.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.fednano.encoder.TruncationStats;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;
import org.fednano.shards.ClientLocation;
import org.fednano.shards.ClientStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows that stay with a JVM from round to round. */
class RowCacheTest {

    @TempDir
    Path folder;

    private final RowCache.Source source = new RowCache.Source("train", List.of("a 1 2"));

    private static PromptFeatures row(int i) {
        return new PromptFeatures(
                "s" + i, new float[] {i, -i}, new byte[] {0}, new int[] {i}, new int[0][], -1, "answer", "category");
    }

    private static void same(PromptFeatures expected, PromptFeatures found) {
        assertArrayEquals(FeatureCodec.encode(expected), FeatureCodec.encode(found));
    }

    private SpilledRows begun(String app) {
        return RowCache.begin(app, 100, folder).orElseThrow();
    }

    @Test
    void rowsOfSeveralClientsShareOneFileWithoutName() throws IOException {
        SpilledRows first = begun("shared");
        SpilledRows second = begun("shared");
        for (int i = 0; i < 600; i++) {
            first.add(row(i));
            second.add(row(-i));
        }
        first.close(); // as the task does that read them
        RowCache.keep("shared", source, first);
        SpilledRows found = RowCache.find("shared", source).orElseThrow();
        for (int i : new int[] {599, 0, 256, 300}) {
            same(row(i), found.row(i));
            same(row(-i), second.row(i));
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void anInterruptedTaskClosesNothing() {
        SpilledRows rows = begun("interrupted");
        rows.add(row(1));
        Thread.currentThread().interrupt();
        same(row(1), rows.row(0));
        rows.add(row(2));
        assertTrue(Thread.interrupted());
        same(row(2), rows.row(1));
    }

    @Test
    void anotherApplicationFindsNothing() {
        RowCache.keep("one", source, begun("one"));
        assertEquals(Optional.empty(), RowCache.find("two", source));
        SpilledRows late = begun("one");
        begun("two");
        RowCache.keep("one", source, late);
        assertEquals(Optional.empty(), RowCache.find("one", source));
        assertEquals(Optional.empty(), RowCache.find("two", source));
    }

    @Test
    void whatFindsNoRoomIsNotKept() {
        begun("full");
        assertEquals(Optional.empty(), RowCache.begin("full", 1L << 30, folder));
        assertEquals(Optional.empty(), RowCache.begin("full", Long.MAX_VALUE, folder));
        begun("full");
    }

    /** Features of the application are read once; those made again are read again, and a client's own key is asked for each time. */
    @Test
    void featuresAreReadOncePerApplication() throws IOException {
        SparkConf conf = new SparkConf()
                .setMaster("local[1]")
                .setAppName("rows")
                .set("spark.ui.enabled", "false")
                .set("spark.local.dir", folder.resolve("scratch").toString());
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            var hadoop = spark.broadcast(new SerializableConfiguration(new Configuration()));
            ClientRuntime runtime = new ClientRuntime(hadoop, "key", "llm", null, null);
            ClientLocation client = location(Map.of());
            write(client, 3);
            assertEquals(3, read(runtime, client).size());
            Path parquet = features(client).resolve("split=train/part-00000.parquet");
            byte[] kept = Files.readAllBytes(parquet);
            Files.write(parquet, new byte[] {1});
            same(row(2), read(runtime, client).row(2));
            assertThrows(JobException.class, () -> read(runtime, location(Map.of("fs.a.key", "secret"))));
            Files.write(parquet, kept);
            write(client, 5);
            assertEquals(5, read(runtime, client).size());
            assertNotEquals(read(runtime, client), read(runtime, location(Map.of("fs.a.key", "secret"))));
            assertSame(read(runtime, client), read(runtime, client));
        }
    }

    private ClientLocation location(Map<String, String> hadoop) {
        return new ClientLocation(
                "c001",
                folder.resolve("rows").toUri().toString(),
                folder.resolve("made").toUri().toString(),
                hadoop,
                List.of(),
                List.of(""),
                "");
    }

    private Path features(ClientLocation client) {
        return Path.of(client.features("key", "").toUri());
    }

    private SpilledRows read(ClientRuntime runtime, ClientLocation client) {
        try (ClientStore store = runtime.open(client)) {
            return runtime.rows(client, store, Split.TRAIN, null);
        }
    }

    private static void write(ClientLocation client, int rows) throws IOException {
        new FeatureFiles(FileSystem.getLocal(new Configuration()), client.rows(""), client.features("key", ""), "key")
                .write((split, to) -> {
                    rows(split, rows, to);
                    return new TruncationStats();
                });
    }

    private static void rows(Split split, int rows, Consumer<PromptFeatures> to) {
        for (int i = 0; split == Split.TRAIN && i < rows; i++) {
            to.accept(row(i));
        }
    }
}
