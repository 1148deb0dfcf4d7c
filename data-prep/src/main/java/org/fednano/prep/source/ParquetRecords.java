package org.fednano.prep.source;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.fednano.rows.BadValue;
import org.fednano.rows.ParquetTable;
import org.fednano.rows.ParquetValues;
import org.fednano.settings.JobException;

/** Rows of Parquet files of any schema, a row group at a time: that much of the needed columns is in memory. */
final class ParquetRecords implements RecordReader.Records {

    private final RecordRange range;
    private final ParquetTable table;
    private ParquetTable.Rows rows;
    private RecordRejected damage;
    private long done;

    private ParquetRecords(RecordRange range, ParquetTable table) {
        this.range = range;
        this.table = table;
    }

    /**
     * Adds a range for each row group. The footer, which holds every column's sizes and bounds, stands for the file in
     * the fingerprint: reading all images twice would cost more than it tells.
     *
     * @throws JobException with status 3 if it is no Parquet file
     */
    static void index(IndexFiles files, String name, List<RecordRange> ranges) throws IOException {
        FileStatus file = files.file(name);
        long row = 1;
        try (ParquetTable table = open(file, files.hadoop())) {
            List<BlockMetaData> groups = table.rowGroups();
            for (int i = 0; i < groups.size(); i++) {
                ranges.add(RecordRange.rowGroup(name, i, groups.get(i).getRowCount(), row));
                row += groups.get(i).getRowCount();
            }
            files.countFooter(file);
        }
    }

    /**
     * Demands a file's columns, and that they can be read.
     *
     * @param used columns that are read
     * @param columns receives the columns that are there and the file's name
     *
     * @throws JobException with status 3 if one is missing, or compressed in a way that is not installed
     */
    static void require(IndexFiles files, String name, Set<String> used, BiConsumer<Set<String>, String> columns)
            throws IOException {
        try (ParquetTable table = open(files.file(name), files.hadoop())) {
            Set<String> names = new TreeSet<>();
            table.schema().getFields().forEach(f -> names.add(f.getName()));
            columns.accept(names, files.source() + "/" + name);
            table.select(used::contains);
        }
    }

    private static ParquetTable open(FileStatus file, Configuration hadoop) throws IOException {
        return ParquetTable.open(HadoopInputFile.fromStatus(file, hadoop));
    }

    /** Opens a row group for some of its columns. */
    static ParquetRecords open(RecordRange range, FileStatus file, Configuration hadoop, Predicate<String> columns)
            throws IOException {
        ParquetTable table = open(file, hadoop);
        try {
            table.select(columns);
            refuseLarge(table.bytes((int) range.offset()), Runtime.getRuntime().maxMemory(), range);
            return new ParquetRecords(range, table);
        } catch (RuntimeException e) {
            table.close();
            throw e;
        }
    }

    /** Returns the next row or null; what is broken on disk makes the rows from there on bad, not the job. */
    @Override
    public RawRecord next() throws IOException {
        if (done == range.records()) {
            return null;
        }
        String source = range.file() + "#" + (range.number() + done++);
        try {
            if (damage == null) {
                rows = rows == null ? table.rows((int) range.offset()) : rows;
                return RawRecord.row(source, ParquetValues.object(rows.next(), table.columns()), null);
            }
        } catch (BadValue e) {
            return RawRecord.row(source, null, RecordRejected.of(e));
        } catch (ParquetTable.DamagedException e) {
            damage = new RecordRejected(
                    RejectReason.BROKEN_RECORD, "the row cannot be read from the file: " + e.getMessage());
        }
        return RawRecord.row(source, null, damage);
    }

    @Override
    public void close() throws IOException {
        table.close();
    }

    /**
     * A row group is in memory as a whole; one that hardly fits would keep the JVM collecting garbage for ever.
     *
     * @throws JobException with status 3
     */
    static void refuseLarge(long bytes, long heap, RecordRange range) {
        if (bytes > heap / 2) {
            throw JobException.badInput(String.format(
                    Locale.ROOT,
                    "A row group's needed columns may take half of the heap of %d MB: found %d MB in row group %d of %s."
                            + " Write the file with smaller row groups, or raise FEDNANO_DRIVER_MEMORY (of a cluster:"
                            + " --executor-memory) to %d MB.",
                    heap >> 20,
                    bytes >> 20,
                    range.offset() + 1,
                    range.file(),
                    (bytes >> 19) + 512));
        }
    }
}
