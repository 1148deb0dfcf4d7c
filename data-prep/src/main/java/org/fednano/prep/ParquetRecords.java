package org.fednano.prep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.EOFException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.ParquetRuntimeException;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.fednano.prep.Reject.Reason;
import org.fednano.settings.JobException;

/** Rows of Parquet files of any schema, a row group at a time: that much of the needed columns is in memory. */
final class ParquetRecords {

    private ParquetRecords() {}

    /** Receives rows in file order. */
    interface Rows {

        /** @param number of the row in its file, from 1 */
        void row(long number, JsonNode row) throws IOException;

        /** A row that could not be read. */
        void bad(long number, Bad bad);
    }

    /**
     * Adds a span for each row group. The footer, which holds every column's sizes and bounds, stands for the file in
     * the fingerprint: reading all pictures twice would cost more than it tells.
     *
     * @throws JobException with status 3 if it is no Parquet file
     */
    static void index(IndexFiles files, String name, List<RawSpan> spans) throws IOException {
        FileStatus file = files.file(name);
        long row = 1;
        try (ParquetFileReader reader = open(file, files.hadoop())) {
            List<BlockMetaData> groups = reader.getRowGroups();
            for (int i = 0; i < groups.size(); i++) {
                spans.add(new RawSpan(name, i, groups.get(i).getRowCount(), row, null, ""));
                row += groups.get(i).getRowCount();
            }
            files.countFooter(file);
        } catch (RuntimeException e) {
            throw JobException.badInput(
                    "Parquet expected in " + files.source() + "/" + name + ": " + e.getMessage()
                            + ". Write or fetch the file again; it may be cut off.",
                    e);
        }
    }

    /** The names of a file's columns. */
    static Set<String> columns(IndexFiles files, String name) throws IOException {
        try (ParquetFileReader reader = open(files.file(name), files.hadoop())) {
            return names(reader.getFileMetaData().getSchema());
        }
    }

    private static Set<String> names(MessageType schema) {
        Set<String> names = new TreeSet<>();
        schema.getFields().forEach(f -> names.add(f.getName()));
        return names;
    }

    private static ParquetFileReader open(FileStatus file, Configuration hadoop) throws IOException {
        return ParquetFileReader.open(
                HadoopInputFile.fromStatus(file, hadoop),
                ParquetReadOptions.builder().build());
    }

    /** Reads some columns of a span's rows; what is broken on disk makes its rows bad, not the job. */
    static void read(RawSpan span, RawFiles files, Set<String> columns, Rows rows) throws IOException {
        try (ParquetFileReader reader = open(files.index(span.file()), files.hadoop())) {
            MessageType all = reader.getFileMetaData().getSchema();
            List<Type> wanted = all.getFields().stream()
                    .filter(f -> columns.contains(f.getName()))
                    .toList();
            MessageType schema = new MessageType(all.getName(), wanted);
            reader.setRequestedSchema(schema);
            long bytes = reader.getRowGroups().get((int) span.offset()).getColumns().stream()
                    .filter(c -> columns.contains(c.getPath().toArray()[0]))
                    .mapToLong(ColumnChunkMetaData::getTotalSize)
                    .sum();
            refuseLarge(bytes, Runtime.getRuntime().maxMemory(), span);
            long done = 0;
            try {
                RecordReader<Group> groups = records(reader, (int) span.offset(), schema);
                for (; done < span.length(); done++) {
                    pass(groups.read(), schema, span.number() + done, rows);
                }
            } catch (ParquetRuntimeException | DamagedException e) {
                Bad bad = new Bad(Reason.BROKEN_RECORD, "the row cannot be read from the file: " + e.getMessage());
                for (; done < span.length(); done++) {
                    rows.bad(span.number() + done, bad);
                }
            }
        }
    }

    /**
     * A row group is in memory as a whole; one that hardly fits would keep the JVM collecting garbage for ever.
     *
     * @throws JobException with status 3
     */
    static void refuseLarge(long bytes, long heap, RawSpan span) {
        if (bytes > heap / 2) {
            throw JobException.badInput(String.format(
                    Locale.ROOT,
                    "A row group's needed columns may take half of the heap of %d MB: found %d MB in row group %d of %s."
                            + " Write the file with smaller row groups, or raise FEDNANO_DRIVER_MEMORY (of a cluster:"
                            + " --executor-memory) to %d MB.",
                    heap >> 20,
                    bytes >> 20,
                    span.offset() + 1,
                    span.file(),
                    (bytes >> 19) + 512));
        }
    }

    /** Bytes that are not what the file's footer says of them. */
    private static final class DamagedException extends IOException {
        private static final long serialVersionUID = 1L;

        DamagedException(Exception cause) {
            super(cause.toString(), cause);
        }
    }

    private static RecordReader<Group> records(ParquetFileReader reader, int rowGroup, MessageType schema)
            throws IOException {
        try {
            PageReadStore pages = reader.readRowGroup(rowGroup);
            return new ColumnIOFactory().getColumnIO(schema).getRecordReader(pages, new GroupRecordConverter(schema));
        } catch (EOFException e) {
            throw new DamagedException(e);
        } catch (IOException e) {
            boolean decoding = e.getCause() != null && !(e.getCause() instanceof IOException);
            throw decoding ? new DamagedException(e) : e;
        } catch (RuntimeException e) { // lengths and offsets that lead nowhere
            throw new DamagedException(e);
        }
    }

    private static void pass(Group group, MessageType schema, long number, Rows rows) throws IOException {
        ObjectNode row;
        try {
            row = ParquetValues.object(group, schema);
        } catch (Bad bad) {
            rows.bad(number, bad);
            return;
        }
        rows.row(number, row);
    }
}
