package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
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
import org.fednano.prep.Reject.Reason;
import org.fednano.settings.Settings;

/** Reads raw data sets without Spark: what the driver and a task do, one behind the other. */
final class Raw {

    static final Configuration HADOOP = new Configuration();

    private Raw() {}

    static Settings settings(Path source, String... sets) {
        List<String> all = new ArrayList<>(List.of("prepare.source=" + source));
        all.addAll(List.of(sets));
        return Settings.load(List.of(), all);
    }

    static RawIndex index(Settings settings) throws IOException {
        return RawFormat.of(settings)
                .index(new IndexFiles(RawPlaces.of(settings, null).source(), HADOOP));
    }

    /** All outcomes in order, before duplicates are sorted out. */
    static List<Checked> check(Path source, String... sets) throws IOException {
        return check(null, source, sets);
    }

    static List<Checked> check(Path spool, Path source, String... sets) throws IOException {
        Settings settings = settings(source, sets);
        List<Checked> all = new ArrayList<>();
        try (RawFiles files = new RawFiles(RawPlaces.of(settings, spool == null ? null : spool.toString()), HADOOP)) {
            for (RawSpan span : index(settings).spans()) {
                RawFormat.of(settings).check(span, files, all::add);
            }
        }
        return all;
    }

    static Accepted accepted(Checked checked) {
        assertNotNull(checked.accepted(), () -> "expected a sample, was rejected: " + checked.reject());
        return checked.accepted();
    }

    static Reject rejected(Reason reason, Checked checked) {
        assertNotNull(checked.reject(), () -> "expected " + reason + ", was accepted: " + checked.accepted());
        assertEquals(reason, checked.reject().reason(), checked.reject().detail());
        assertTrue(checked.reject().detail().length() > 10, checked.reject().detail());
        return checked.reject();
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
