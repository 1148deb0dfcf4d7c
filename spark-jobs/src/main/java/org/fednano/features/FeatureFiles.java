package org.fednano.features;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.fednano.digest.Sha256;
import org.fednano.encoder.TruncationStats;
import org.fednano.process.ProcessMark;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;
import org.fednano.shards.ClientLocation;
import org.fednano.shards.ClientOutputFile;
import org.fednano.shards.ClientStore;
import org.fednano.shards.ParquetRows;
import org.fednano.shards.ShardPaths;
import org.fednano.shards.StaleFileCleaner;

/**
 * The cached features of one segment of a client's rows, one Parquet file per split. The folder appears whole, by a
 * rename; its marker says which files they were made from, and holds row counts and checksums, which every reading checks.
 */
public final class FeatureFiles {

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

    private static final String MAKING = ".making-";

    private final FileSystem files;
    private final Path rows;
    private final Path folder;
    private final String fingerprint;
    private String source;

    /**
     * @param files where both folders are
     * @param rows folder with the splits that the features are made from
     * @param folder where the features are kept
     * @param fingerprint of encoder, connector, prompt and preprocessing
     */
    public FeatureFiles(FileSystem files, Path rows, Path folder, String fingerprint) {
        this.files = files;
        this.rows = rows;
        this.folder = folder;
        this.fingerprint = fingerprint;
    }

    /** The cached features of a client's segment. */
    public static FeatureFiles of(ClientStore folder, String fingerprint, String segment) {
        ClientLocation place = folder.place();
        return new FeatureFiles(folder.files(), place.rows(segment), place.features(fingerprint, segment), fingerprint);
    }

    /** Whatever makes a split's features, row by row in shard order; says which prompts were cut. */
    public interface Source {
        TruncationStats read(Split split, Consumer<PromptFeatures> rows);
    }

    /** What tells the rows of now from those of another time: a digest over names, lengths and times of their files. */
    String source() {
        if (source == null) {
            StringBuilder listing = new StringBuilder();
            for (Split split : Split.values()) {
                for (FileStatus file : ShardPaths.parquetFiles(files, ShardPaths.split(rows, split))) {
                    listing.append(split.text())
                            .append('/')
                            .append(file.getPath().getName());
                    listing.append(' ').append(file.getLen()).append(' ').append(file.getModificationTime());
                    listing.append('\n');
                }
            }
            source = Sha256.of(listing.toString().getBytes(StandardCharsets.UTF_8));
        }
        return source;
    }

    /** Whether features of these very rows are there, by their marker alone. */
    public boolean current() {
        return marker().isPresent();
    }

    /**
     * Whether they are also whole: reads all of them.
     *
     * @param progress told of every row
     */
    public boolean sound(Runnable progress) {
        if (!current()) {
            return false;
        }
        try {
            for (Split split : Split.values()) {
                read(split, row -> progress.run());
            }
            return true;
        } catch (JobException e) {
            return false;
        }
    }

    /**
     * What tells these features from those that are made later in their place, or empty if there are none; far cheaper than
     * {@link #current}.
     */
    Optional<String> stamp() {
        try {
            FileStatus marker = files.getFileStatus(new Path(folder, FeatureMarker.NAME));
            return Optional.of(marker.getPath() + " " + marker.getLen() + " " + marker.getModificationTime());
        } catch (IOException e) {
            return Optional.empty(); // reading them says what is wrong
        }
    }

    /** Bytes of a split's file. */
    long bytes(Split split) {
        try {
            return files.getFileStatus(file(folder, split)).getLen();
        } catch (IOException e) {
            return 0; // a split without rows has no file
        }
    }

    /** What the marker says of each split. */
    public Collection<FeatureMarker.Content> contents() {
        return requireMarker().splits().values();
    }

    /**
     * Passes on a split's rows in file order.
     *
     * @return prompts of the split that were cut when its features were made
     * @throws JobException with status 3 if the features are missing, or are not those that the marker describes; rows
     *     may have been passed on by then
     */
    public long read(Split split, Consumer<PromptFeatures> rows) {
        FeatureMarker.Content expected = requireMarker().splits().get(split.text());
        if (expected == null) {
            return 0;
        }
        CRC32C crc = new CRC32C();
        long count = 0;
        Path file = file(folder, split);
        try (ParquetRows parquet = ParquetRows.open(files, file, COLUMNS, List.of())) {
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
        return expected.cut();
    }

    /** Removes what killed jobs left of these features: of processes of this host at once, else once it is old. */
    public void removeLeftovers() {
        new StaleFileCleaner(files, folder.getParent()).remove(MAKING + folder.getName() + "-");
    }

    /** Makes the features of all splits and puts them in place of what is there. */
    public void write(Source from) throws IOException {
        removeLeftovers();
        Path temporary = new Path(
                folder.getParent(),
                MAKING + folder.getName() + "-" + ProcessMark.here().text() + UUID.randomUUID());
        try {
            String of = source();
            Map<String, FeatureMarker.Content> splits = new TreeMap<>();
            for (var e : writeSplits(temporary, from).entrySet()) {
                splits.put(e.getKey().text(), e.getValue());
            }
            new FeatureMarker(fingerprint, of, splits).write(files, temporary);
            files.delete(folder, true);
            if (!files.rename(temporary, folder)) {
                throw new IOException("cannot rename " + temporary + " to " + folder);
            }
            // A folder that another job has put there meanwhile takes ours in. Theirs is as good, if it is sound.
            Path inside = new Path(folder, temporary.getName());
            if (files.delete(inside, true) && !sound(() -> {})) {
                throw new IOException("Another job wrote other features to " + folder + " at the same time");
            }
        } finally {
            files.delete(temporary, true);
        }
    }

    private Map<Split, FeatureMarker.Content> writeSplits(Path to, Source from) throws IOException {
        Map<Split, FeatureMarker.Content> contents = new EnumMap<>(Split.class);
        files.mkdirs(to);
        for (Split split : Split.values()) {
            Path file = file(to, split);
            try (SplitWriter writer = new SplitWriter(files, file)) {
                TruncationStats cut = from.read(split, writer::add);
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
        return FeatureMarker.read(files, folder)
                .filter(m -> m.fingerprint().equals(fingerprint) && m.source().equals(source()));
    }

    private FeatureMarker requireMarker() {
        return marker().orElseThrow(() -> JobException.badInput("Features of the rows in " + rows + " expected in "
                + folder + ": found no valid " + FeatureMarker.NAME
                + " there. Run `fednano encode` to make them."));
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
        private final FileSystem files;
        private final Path file;
        private final CRC32C crc = new CRC32C();
        private ParquetWriter<Group> writer;
        private long rows;

        SplitWriter(FileSystem files, Path file) {
            this.files = files;
            this.file = file;
        }

        void add(PromptFeatures row) {
            try {
                if (writer == null) {
                    // Embeddings neither repeat nor compress; page sizes are checked often because rows can be large.
                    writer = ExampleParquetWriter.builder(new ClientOutputFile(files, file))
                            .withConf(files.getConf())
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
