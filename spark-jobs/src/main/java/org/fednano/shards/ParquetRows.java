package org.fednano.shards;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.fednano.rows.ParquetTable;
import org.fednano.settings.JobException;

/** Rows of one Parquet file in file order, some columns only; one row group in memory at a time. */
public final class ParquetRows implements AutoCloseable {

    private final Path file;
    private final ParquetTable table;
    private int nextGroup;
    private ParquetTable.Rows group;
    private long leftInGroup;

    private ParquetRows(Path file, ParquetTable table) {
        this.file = file;
        this.table = table;
    }

    /**
     * Opens a file.
     *
     * @param required columns that must be there
     * @param optional columns that are read where they are
     * @throws JobException with status 3 if the file is missing, is no Parquet file, or lacks a required column
     */
    public static ParquetRows open(FileSystem files, Path file, List<String> required, List<String> optional) {
        try {
            ParquetTable table = ParquetTable.open(new ClientInputFile(files, files.getFileStatus(file)));
            try {
                for (String name : required) {
                    if (!table.schema().containsField(name)) {
                        throw JobException.badInput("Column '" + name + "' expected in " + file + ": found the columns "
                                + table.schema().getFields().stream()
                                        .map(Type::getName)
                                        .toList()
                                + ". Rename the columns, or make shards again with `fednano prepare`.");
                    }
                }
                Set<String> wanted = new HashSet<>(required);
                wanted.addAll(optional);
                return new ParquetRows(file, table.select(wanted::contains));
            } catch (RuntimeException e) {
                table.close();
                throw e;
            }
        } catch (FileNotFoundException e) {
            throw JobException.badInput("Parquet file expected at " + file + ": found none.", e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** Rows in the file. */
    long count() {
        return table.rows();
    }

    /** The columns that are read. */
    MessageType columns() {
        return table.columns();
    }

    /** The next row, or null at the end. */
    public Group next() {
        try {
            while (leftInGroup == 0) {
                if (nextGroup == table.rowGroups().size()) {
                    return null;
                }
                leftInGroup = table.rowGroups().get(nextGroup).getRowCount();
                group = leftInGroup == 0 ? null : table.rows(nextGroup);
                nextGroup++;
            }
            leftInGroup--;
            return group.next();
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    @Override
    public void close() {
        try {
            table.close();
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static JobException unreadable(Path file, IOException e) {
        return JobException.badInput(
                "Parquet file " + file + " cannot be read: " + e.getMessage()
                        + ". Copy it again, or make it again with `fednano prepare`.",
                e);
    }
}
