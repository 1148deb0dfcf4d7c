package org.fednano.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.fednano.encoder.TruncationStats;
import org.fednano.evaluation.MajorityBaseline;
import org.fednano.features.FeatureCodec;
import org.fednano.features.FeatureFiles;
import org.fednano.features.FeatureMarker;
import org.fednano.features.SpilledRows;
import org.fednano.sample.Medium;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.shards.ClientRows;
import org.fednano.shards.SharedShards;
import org.fednano.spark.TinyShards;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shards, features and scratch files on disk. */
class ShardFilesTest {

    @TempDir
    Path folder;

    private final Configuration conf = new Configuration();

    private static PromptFeatures row(int i) {
        return new PromptFeatures(
                "s" + i,
                new float[] {i, -0.0f, 1e-30f, Float.MAX_VALUE},
                new byte[] {0, 1},
                new int[] {7, 3},
                i % 2 == 0 ? new int[0][] : new int[][] {{1, 3}, {2, 2, 3}},
                i % 2 == 0 ? -1 : 1,
                "größe " + i,
                "counting");
    }

    private static void assertSame(PromptFeatures expected, PromptFeatures found) {
        assertArrayEquals(FeatureCodec.encode(expected), FeatureCodec.encode(found));
    }

    @Test
    void readsRowsInFileOrderWithAndWithoutPictures() throws IOException {
        TinyShards.write(folder, 1, 6);
        ClientRows reader = rows();
        List<Sample> rows = new ArrayList<>();
        reader.read(Split.TRAIN, rows::add);
        assertEquals(
                List.of("c001-train-0", "c001-train-1", "c001-train-2", "c001-train-3", "c001-train-4", "c001-train-5"),
                rows.stream().map(Sample::sampleId).toList());
        assertEquals(List.of("image"), modalities(rows.get(0)));
        assertEquals(List.of(), rows.get(3).media(), "a question without a picture");
        assertEquals(List.of("red", "green", "blue"), rows.get(0).choices());
        assertEquals(-1, rows.get(2).answerIndex());
        assertEquals(6, reader.count(Split.TRAIN));
        reader.readTexts(Split.TRAIN, row -> {
            assertEquals(List.of(), row.media());
            return true;
        });
        reader.read(Split.VAL, row -> {
            throw new AssertionError("this client has no such split");
        });
    }

    private ClientRows rows() {
        return new SharedShards(folder.toString(), "", List.of()).rows(conf, "c001");
    }

    private static List<String> modalities(Sample sample) {
        return sample.media().stream().map(Medium::modality).toList();
    }

    @Test
    void whatTheMediaColumnListsFollowsThePicture() throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType(
                """
                message m {
                  required binary sample_id (STRING); required binary question (STRING); required binary answer (STRING);
                  optional binary image;
                  optional group media (LIST) { repeated group list {
                    optional group element { optional binary modality (STRING); optional binary bytes; } } }
                }""");
        Path file = folder.resolve("clients/client_id=c001/split=train/part-00000.parquet");
        Files.createDirectories(file.getParent());
        TinyShards.write(file, schema, 3, i -> {
            var row = new SimpleGroup(schema);
            row.append("sample_id", "s" + i).append("question", "q").append("answer", "a");
            if (i < 2) {
                row.append("image", Binary.fromConstantByteArray(new byte[] {1}));
            }
            if (i > 0) {
                var list = row.addGroup("media");
                for (String modality : List.of("audio", "image")) {
                    list.addGroup(0)
                            .addGroup(0)
                            .append("modality", modality)
                            .append("bytes", Binary.fromConstantByteArray(new byte[] {2, 3}));
                }
            }
            return row;
        });
        List<Sample> rows = new ArrayList<>();
        ClientRows reader = rows();
        reader.read(Split.TRAIN, rows::add);
        assertEquals(List.of("image"), modalities(rows.get(0)));
        assertEquals(List.of("image", "audio", "image"), modalities(rows.get(1)));
        assertEquals(List.of("audio", "image"), modalities(rows.get(2)));
        assertArrayEquals(new byte[] {2, 3}, rows.get(2).media().get(1).bytes());
        reader.readTexts(Split.TRAIN, row -> {
            assertEquals(List.of(), row.media());
            return true;
        });
    }

    @Test
    void saysWhichColumnIsMissingWhere() throws IOException {
        TinyShards.write(folder, 1, 2);
        MessageType schema = MessageTypeParser.parseMessageType(
                "message m { required binary sample_id (STRING); required binary question (STRING); }");
        Path file = folder.resolve("clients/client_id=c001/split=train/part-00001.parquet");
        TinyShards.write(file, schema, 1, i -> {
            var row = new SimpleGroup(schema);
            row.add("sample_id", "x");
            row.add("question", "y");
            return row;
        });
        JobException e = assertThrows(JobException.class, () -> rows().read(Split.TRAIN, row -> true));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(
                e.getMessage().contains("'answer'") && e.getMessage().contains("part-00001.parquet"), e.getMessage());
    }

    @Test
    void shardsWithoutManifestOrRowsAreRefused() throws IOException {
        assertThrows(JobException.class, () -> SharedShards.open(conf, folder.toString()));
        TinyShards.write(folder, 1, 3, 0);
        JobException e = assertThrows(JobException.class, () -> SharedShards.open(conf, folder.toString()));
        assertTrue(e.getMessage().contains("c002"), e.getMessage());
        TinyShards.write(folder, 1, 3, 1);
        SharedShards shards = SharedShards.open(conf, folder.toString());
        assertEquals(List.of("c001", "c002"), shards.clientIds());
        assertEquals(64, shards.fingerprint().length());
    }

    private FeatureFiles features() {
        try {
            return new FeatureFiles(
                    FileSystem.getLocal(conf),
                    new org.apache.hadoop.fs.Path(
                            folder.resolve("clients/client_id=c001").toUri()),
                    new org.apache.hadoop.fs.Path(
                            folder.resolve("features/key/client_id=c001").toUri()),
                    "key");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void featuresComeBackAsTheyWere() throws IOException {
        FeatureFiles files = features();
        assertFalse(files.sound(() -> {}));
        files.write((split, rows) -> {
            for (int i = 0; split == Split.TRAIN && i < 40; i++) {
                rows.accept(row(i));
            }
            return new TruncationStats();
        });
        assertTrue(files.sound(() -> {}));
        assertEquals(
                List.of(40L),
                files.contents().stream().map(FeatureMarker.Content::rows).toList());
        List<PromptFeatures> read = new ArrayList<>();
        files.read(Split.TRAIN, read::add);
        for (int i = 0; i < 40; i++) {
            assertSame(row(i), read.get(i));
        }
        TinyShards.write(folder, 1, 6);
        assertFalse(features().sound(() -> {}), "the rows they were made from are no longer the ones that are there");
    }

    @Test
    void featuresThatWereCopiedWithTheirRowsStay() throws IOException {
        TinyShards.write(folder, 1, 6);
        features().write((split, rows) -> {
            rows.accept(row(0));
            return new TruncationStats();
        });
        assertTrue(features().sound(() -> {}));
        Path copied = folder.resolve("features/key/client_id=c001/copied.txt");
        assertFalse(Files.exists(copied), "nothing was copied");
        Path rows = folder.resolve("clients/client_id=c001/split=train/part-00000.parquet");
        Instant later = Instant.now().plusSeconds(100);
        Files.setLastModifiedTime(rows, FileTime.from(later));
        assertTrue(features().current(), "the same bytes at another time");
        assertTrue(features().sound(() -> {}));
        assertTrue(Files.exists(copied), "found once, remembered");
        byte[] bytes = Files.readAllBytes(rows);
        bytes[bytes.length / 2] ^= 1;
        Files.write(rows, bytes);
        Files.delete(rows.resolveSibling(".part-00000.parquet.crc"));
        Files.setLastModifiedTime(rows, FileTime.from(later));
        assertTrue(features().current(), "names, lengths and times of what was remembered are not looked behind");
        Files.setLastModifiedTime(rows, FileTime.from(later.plusSeconds(1)));
        assertFalse(features().current(), "other bytes of the same length");
        assertFalse(features().sound(() -> {}));
    }

    @Test
    void featuresAppearWholeOrNotAtAll() throws IOException {
        FeatureFiles files = features();
        assertThrows(
                IllegalStateException.class,
                () -> files.write((split, rows) -> {
                    rows.accept(row(1));
                    throw new IllegalStateException("killed");
                }));
        assertFalse(files.sound(() -> {}));
        try (Stream<Path> left = Files.list(folder.resolve("features/key"))) {
            assertEquals(0, left.count(), "nothing half-written stays");
        }
    }

    @Test
    void whatAKilledJobLeftGoesOnceNobodyCanBeAtWorkOnIt() throws IOException {
        Path making = folder.resolve("features/key/.making-client_id=c001-");
        Path young = Files.createDirectories(making.resolveSibling(making.getFileName() + "young"));
        Path old = Files.createDirectories(making.resolveSibling(making.getFileName() + "old"));
        Files.writeString(old.resolve("part"), "x");
        FileTime twoDaysAgo = FileTime.from(Instant.now().minus(Duration.ofDays(2)));
        Files.setLastModifiedTime(old.resolve("part"), twoDaysAgo);
        Files.setLastModifiedTime(old, twoDaysAgo);
        features().write((split, rows) -> new TruncationStats());
        assertTrue(Files.exists(young));
        assertFalse(Files.exists(old));
    }

    @Test
    void featuresOfAnotherJobThatWasFasterStay() throws IOException {
        FeatureFiles slower = features();
        slower.write((split, rows) -> {
            if (split == Split.TEST) {
                try {
                    features().write((other, theirs) -> {
                        if (other == Split.TRAIN) {
                            theirs.accept(row(1));
                        }
                        return new TruncationStats();
                    });
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            } else if (split == Split.TRAIN) {
                rows.accept(row(1));
            }
            return new TruncationStats();
        });
        assertTrue(slower.sound(() -> {}));
        try (Stream<Path> left = Files.list(folder.resolve("features/key"))) {
            assertEquals(1, left.count());
        }
    }

    @Test
    void scratchRowsAreReadInAnyOrderAndLeaveNoFile() throws IOException {
        Path scratch = folder.resolve("scratch");
        try (SpilledRows rows = SpilledRows.in(scratch)) {
            for (int i = 0; i < 1000; i++) {
                rows.add(row(i));
            }
            assertEquals(1000, rows.size());
            for (int i : new int[] {999, 0, 256, 257, 511, 512, 7}) {
                assertSame(row(i), rows.row(i));
            }
            assertThrows(IndexOutOfBoundsException.class, () -> rows.row(1000));
        }
        try (Stream<Path> left = Files.list(scratch)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void theMajorityKnowsTheCategoryAndTheChoicesOnly() {
        MajorityBaseline majority = new MajorityBaseline();
        for (String answer : List.of("red", "Red", "blue", "green", "green")) {
            majority.add(sample("colour", answer));
        }
        majority.add(sample("count", "3"));
        assertEquals("green", majority.answer("colour", List.of()), "two each: the alphabet decides");
        assertEquals("RED", majority.answer("colour", List.of("blue", "RED")));
        assertEquals("3", majority.answer("count", List.of()));
        assertEquals("green", majority.answer("unseen", List.of("3", "green")));
        assertEquals("a", majority.answer("colour", List.of("b", "a")), "never seen: the alphabet decides");
    }

    private static Sample sample(String category, String answer) {
        return new Sample("s", "c", Split.TRAIN, List.of(), "q", "", List.of(), answer, -1, "t", category, "");
    }
}
