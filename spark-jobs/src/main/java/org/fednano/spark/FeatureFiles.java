package org.fednano.spark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.fednano.encoder.CutPrompts;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;

/**
 * One client's cached features, one Parquet file per split under {@code features/<fingerprint>/client_id=…}. The folder
 * appears whole, by a rename; its marker holds row counts and checksums, which every reading checks.
 */
final class FeatureFiles {

    private static final MessageType SCHEMA = MessageTypeParser.parseMessageType(
            """
            message features {
              required binary sample_id (STRING);
              required binary embeds;
              required binary modality;
              required binary answer_ids;
              required group choice_ids (LIST) { repeated group list { required binary element; } }
              required int32 answer_index;
              required binary answer (STRING);
              required binary category (STRING);
            }""");
    private static final List<String> COLUMNS =
            SCHEMA.getFields().stream().map(f -> f.getName()).toList();
    /** Bounds what a reader holds at once: rows of a few dozen KB here, of several MB at LLaVA-7B shapes. */
    private static final long ROW_GROUP_BYTES = 32L << 20;

    private final Configuration conf;
    private final Path folder;
    private final String fingerprint;
    private final String shardsFingerprint;

    FeatureFiles(Configuration conf, String shards, String shardsFingerprint, String fingerprint, String clientId) {
        this.conf = conf;
        this.folder = ShardPaths.features(shards, fingerprint, clientId);
        this.fingerprint = fingerprint;
        this.shardsFingerprint = shardsFingerprint;
    }

    /** Whatever makes a split's features, row by row in shard order; says which prompts were cut. */
    interface Source {
        CutPrompts read(Split split, Consumer<PromptFeatures> rows);
    }

    /** Whether the features are there, whole and of these shards: reads all of them. */
    boolean sound() {
        Optional<FeatureMarker> marker = marker();
        if (marker.isEmpty()) {
            return false;
        }
        try {
            for (Split split : Split.values()) {
                read(split, row -> {});
            }
            return true;
        } catch (JobException e) {
            return false;
        }
    }

    /** Rows of a split by the marker. */
    long count(Split split) {
        FeatureMarker.Content content = requireMarker().splits().get(split.text());
        return content == null ? 0 : content.rows();
    }

    /** Prompts of a split that were cut when its features were made, by the marker. */
    long cutPrompts(Split split) {
        FeatureMarker.Content content = requireMarker().splits().get(split.text());
        return content == null ? 0 : content.cut();
    }

    /** The same of all splits, for whoever reads the job's output. */
    ClientCluster.Cut cut(String clientId) {
        var splits = requireMarker().splits().values();
        return new ClientCluster.Cut(
                clientId,
                splits.stream().mapToLong(FeatureMarker.Content::cut).sum(),
                splits.stream()
                        .map(FeatureMarker.Content::firstCut)
                        .filter(s -> !s.isEmpty())
                        .findFirst()
                        .orElse(""));
    }

    /**
     * Passes on a split's rows in file order.
     *
     * @throws JobException with status 3 if the features are missing, or are not those that the marker describes; rows
     *     may have been passed on by then
     */
    void read(Split split, Consumer<PromptFeatures> rows) {
        FeatureMarker.Content expected = requireMarker().splits().get(split.text());
        if (expected == null) {
            return;
        }
        CRC32C crc = new CRC32C();
        long count = 0;
        Path file = file(folder, split);
        try (ParquetRows parquet = ParquetRows.open(conf, file, COLUMNS, List.of())) {
            for (Group row = parquet.next(); row != null; row = parquet.next()) {
                PromptFeatures features = features(row);
                crc.update(FeatureCodec.encode(features));
                rows.accept(features);
                count++;
            }
        }
        if (count != expected.rows() || crc.getValue() != expected.crc32c()) {
            throw JobException.badInput("Features of " + expected.rows() + " rows with checksum " + expected.crc32c()
                    + " expected in " + file + ": found " + count + " rows with checksum " + crc.getValue()
                    + ". Run `fednano encode` to make them again.");
        }
    }

    /** Makes the features of all splits and puts them in place of what is there. */
    void write(Source source) throws IOException {
        FileSystem fs = folder.getFileSystem(conf);
        Path temporary = new Path(folder.getParent(), ".making-" + folder.getName() + "-" + UUID.randomUUID());
        try {
            Map<String, FeatureMarker.Content> splits = new TreeMap<>();
            for (var e : writeSplits(temporary, source).entrySet()) {
                splits.put(e.getKey().text(), e.getValue());
            }
            new FeatureMarker(fingerprint, shardsFingerprint, splits).write(conf, temporary);
            fs.delete(folder, true);
            FileContext.getFileContext(folder.toUri(), conf).rename(temporary, folder);
        } catch (FileAlreadyExistsException e) {
            // Another job made the same features at the same time; theirs are as good, if they are sound.
            if (!sound()) {
                throw e;
            }
        } finally {
            fs.delete(temporary, true);
        }
    }

    private Map<Split, FeatureMarker.Content> writeSplits(Path to, Source source) throws IOException {
        Map<Split, FeatureMarker.Content> contents = new EnumMap<>(Split.class);
        to.getFileSystem(conf).mkdirs(to);
        for (Split split : Split.values()) {
            Path file = file(to, split);
            try (SplitWriter writer = new SplitWriter(conf, file)) {
                CutPrompts cut = source.read(split, writer::add);
                if (writer.rows > 0) {
                    contents.put(
                            split,
                            new FeatureMarker.Content(writer.rows, writer.crc.getValue(), cut.count(), cut.first()));
                }
            }
        }
        return contents;
    }

    private static Path file(Path folder, Split split) {
        return new Path(folder, "split=" + split.text() + "/part-00000.parquet");
    }

    private Optional<FeatureMarker> marker() {
        return FeatureMarker.read(conf, folder)
                .filter(m -> m.fingerprint().equals(fingerprint) && m.shards().equals(shardsFingerprint));
    }

    private FeatureMarker requireMarker() {
        return marker().orElseThrow(() -> JobException.badInput("Features of these shards expected in " + folder
                + ": found no valid " + FeatureMarker.NAME + " there. Run `fednano encode` to make them."));
    }

    private static PromptFeatures features(Group row) {
        Group list = row.getGroup("choice_ids", 0);
        int[][] choices = new int[list.getFieldRepetitionCount(0)][];
        for (int c = 0; c < choices.length; c++) {
            choices[c] = ints(list.getGroup(0, c).getBinary(0, 0));
        }
        ByteBuffer embeds = row.getBinary("embeds", 0).toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[embeds.remaining() / 4];
        embeds.asFloatBuffer().get(values);
        return new PromptFeatures(
                row.getString("sample_id", 0),
                values,
                row.getBinary("modality", 0).getBytes(),
                ints(row.getBinary("answer_ids", 0)),
                choices,
                row.getInteger("answer_index", 0),
                row.getString("answer", 0),
                row.getString("category", 0));
    }

    private static int[] ints(Binary binary) {
        ByteBuffer bytes = binary.toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        int[] ints = new int[bytes.remaining() / 4];
        bytes.asIntBuffer().get(ints);
        return ints;
    }

    private static Binary binary(int[] ints) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * ints.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(ints);
        return Binary.fromConstantByteArray(bytes.array());
    }

    private static Binary binary(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return Binary.fromConstantByteArray(bytes.array());
    }

    /** Writes one split; the file is created with its first row. */
    private static final class SplitWriter implements AutoCloseable {
        private final Configuration conf;
        private final Path file;
        private final CRC32C crc = new CRC32C();
        private ParquetWriter<Group> writer;
        private long rows;

        SplitWriter(Configuration conf, Path file) {
            this.conf = conf;
            this.file = file;
        }

        void add(PromptFeatures row) {
            try {
                if (writer == null) {
                    // Embeddings neither repeat nor compress; page sizes are checked often because rows can be large.
                    writer = ExampleParquetWriter.builder(file)
                            .withConf(conf)
                            .withType(SCHEMA)
                            .withDictionaryEncoding(false)
                            .withMinRowCountForPageSizeCheck(1)
                            .withMaxRowCountForPageSizeCheck(16)
                            .withRowGroupSize(ROW_GROUP_BYTES)
                            .build();
                }
                writer.write(group(row));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException("Writing " + file + ": " + e.getMessage(), e);
            }
            crc.update(FeatureCodec.encode(row));
            rows++;
        }

        private static Group group(PromptFeatures row) {
            Group group = new SimpleGroup(SCHEMA);
            group.add("sample_id", row.sampleId());
            group.add("embeds", binary(row.embeds()));
            group.add("modality", Binary.fromConstantByteArray(row.modality()));
            group.add("answer_ids", binary(row.answer()));
            Group list = group.addGroup("choice_ids");
            for (int[] choice : row.choices()) {
                list.addGroup(0).add(0, binary(choice));
            }
            group.add("answer_index", row.answerIndex());
            group.add("answer", row.answerText());
            group.add("category", row.category());
            return group;
        }

        @Override
        public void close() throws IOException {
            if (writer != null) {
                writer.close();
            }
        }
    }
}
