package org.fednano.prep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;
import org.fednano.prep.Reject.Reason;
import org.fednano.rows.BadValue;
import org.fednano.rows.ParquetTable;
import org.fednano.rows.ParquetValues;
import org.fednano.settings.JobException;

/** Rows of Parquet files of any schema, a row group at a time: that much of the needed columns is in memory. */
final class ParquetRecords {

    private ParquetRecords() {}

    /** Receives rows in file order. */
    public interface Rows {

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
        try (ParquetTable table = open(file, files.hadoop())) {
            List<BlockMetaData> groups = table.rowGroups();
            for (int i = 0; i < groups.size(); i++) {
                spans.add(new RawSpan(name, i, groups.get(i).getRowCount(), row, null, ""));
                row += groups.get(i).getRowCount();
            }
            files.countFooter(file);
        }
    }

    /**
     * Demands a file's columns, and that they can be read.
     *
     * @throws JobException with status 3 if one is missing, or compressed in a way that is not installed
     */
    static void require(IndexFiles files, String name, TableColumns columns) throws IOException {
        try (ParquetTable table = open(files.file(name), files.hadoop())) {
            Set<String> names = new TreeSet<>();
            table.schema().getFields().forEach(f -> names.add(f.getName()));
            columns.require(names, files.source() + "/" + name);
            table.select(columns.used()::contains);
        }
    }

    private static ParquetTable open(FileStatus file, Configuration hadoop) throws IOException {
        return ParquetTable.open(HadoopInputFile.fromStatus(file, hadoop));
    }

    /** Reads some columns of a span's rows; what is broken on disk makes its rows bad, not the job. */
    static void read(RawSpan span, RawFiles files, Set<String> columns, Rows rows) throws IOException {
        try (ParquetTable table = open(files.index(span.file()), files.hadoop())) {
            table.select(columns::contains);
            int group = (int) span.offset();
            refuseLarge(table.bytes(group), Runtime.getRuntime().maxMemory(), span);
            long done = 0;
            try {
                ParquetTable.Rows groups = table.rows(group);
                for (; done < span.length(); done++) {
                    pass(groups.next(), table.columns(), span.number() + done, rows);
                }
            } catch (ParquetTable.DamagedException e) {
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

    private static void pass(Group group, MessageType schema, long number, Rows rows) throws IOException {
        ObjectNode row;
        try {
            row = ParquetValues.object(group, schema);
        } catch (BadValue e) {
            rows.bad(number, Bad.of(e));
            return;
        }
        rows.row(number, row);
    }
}
