package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.fednano.prep.format.RawFormat;
import org.fednano.prep.format.RawSample;
import org.fednano.prep.format.RecordResult;
import org.fednano.prep.format.Reject;
import org.fednano.prep.source.IndexFiles;
import org.fednano.prep.source.MediaFiles;
import org.fednano.prep.source.RawIndex;
import org.fednano.prep.source.RawRecord;
import org.fednano.prep.source.RecordRange;
import org.fednano.prep.source.RecordReader;
import org.fednano.prep.source.RejectReason;
import org.fednano.prep.source.SourceConfig;
import org.fednano.settings.Settings;

/** Reads raw data sets without Spark: what the driver and a task do, one behind the other. */
public final class Raw {

    public static final Configuration HADOOP = new Configuration();

    private Raw() {}

    static Settings settings(Path source, String... sets) {
        List<String> all = new ArrayList<>(List.of("prepare.source=" + source));
        all.addAll(List.of(sets));
        return Settings.load(List.of(), all);
    }

    static RawIndex index(Settings settings) throws IOException {
        return RawFormat.of(settings)
                .index(new IndexFiles(SourceConfig.of(settings, null).source(), HADOOP));
    }

    /** All outcomes in order, before duplicates are sorted out. */
    static List<RecordResult> check(Path source, String... sets) throws IOException {
        return check(null, source, sets);
    }

    static List<RecordResult> check(Path spill, Path source, String... sets) throws IOException {
        Settings settings = settings(source, sets);
        SourceConfig config = SourceConfig.of(settings, spill == null ? null : spill.toString());
        return check(RawFormat.of(settings), config, index(settings), HADOOP);
    }

    static List<RecordResult> check(RawFormat format, SourceConfig config, RawIndex index, Configuration hadoop)
            throws IOException {
        List<RecordResult> all = new ArrayList<>();
        try (RecordReader reader = new RecordReader(config, hadoop, format.usedColumns());
                MediaFiles media = new MediaFiles(config, hadoop)) {
            for (RecordRange range : index.ranges()) {
                try (RecordReader.Records records = reader.read(range)) {
                    for (RawRecord r = records.next(); r != null; r = records.next()) {
                        format.check(r, media, all::add);
                    }
                }
            }
        }
        return all;
    }

    static RawSample accepted(RecordResult result) {
        return assertInstanceOf(RawSample.class, result, () -> "expected a sample: " + result);
    }

    static Reject rejected(RejectReason reason, RecordResult result) {
        Reject reject = assertInstanceOf(Reject.class, result, () -> "expected " + reason + ": " + result);
        assertEquals(reason, reject.reason(), reject.detail());
        assertTrue(reject.detail().length() > 10, reject.detail());
        return reject;
    }

    /** Writes a table in small row groups. */
    static void parquet(Path file, String schema, int rows, BiConsumer<Group, Integer> fill) throws IOException {
        MessageType type = MessageTypeParser.parseMessageType(schema);
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(
                        HadoopOutputFile.fromPath(new org.apache.hadoop.fs.Path(file.toString()), HADOOP))
                .withType(type)
                .withConf(HADOOP)
                .withRowGroupSize(20_000L)
                .withMinRowCountForPageSizeCheck(10)
                .withMaxRowCountForPageSizeCheck(10)
                .build()) {
            for (int i = 0; i < rows; i++) {
                Group group = new SimpleGroupFactory(type).newGroup();
                fill.accept(group, i);
                writer.write(group);
            }
        }
    }
}
