package org.fednano.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.fednano.settings.JobException;

/** Rows of one Parquet file in file order, some columns only; one row group in memory at a time. */
final class ParquetRows implements AutoCloseable {

    private final Path file;
    private final ParquetFileReader reader;
    private final MessageType columns;
    private RecordReader<Group> group;
    private long leftInGroup;

    private ParquetRows(Path file, ParquetFileReader reader, MessageType columns) {
        this.file = file;
        this.reader = reader;
        this.columns = columns;
    }

    /**
     * Opens a file.
     *
     * @param required columns that must be there
     * @param optional columns that are read where they are
     * @throws JobException with status 3 if the file is missing, is no Parquet file, or lacks a required column
     */
    static ParquetRows open(FileSystem files, Path file, List<String> required, List<String> optional) {
        try {
            ParquetFileReader reader = ParquetFileReader.open(
                    new ClientInputFile(files, files.getFileStatus(file)),
                    ParquetReadOptions.builder().build());
            try {
                MessageType all = reader.getFileMetaData().getSchema();
                List<Type> wanted = new ArrayList<>();
                for (String name : required) {
                    if (!all.containsField(name)) {
                        throw JobException.badInput("Column '" + name + "' expected in " + file + ": found the columns "
                                + all.getFields().stream().map(Type::getName).toList()
                                + ". Make the shards again with `fednano prepare`.");
                    }
                    wanted.add(all.getType(name));
                }
                optional.stream().filter(all::containsField).map(all::getType).forEach(wanted::add);
                MessageType columns = new MessageType(all.getName(), wanted);
                reader.setRequestedSchema(columns);
                return new ParquetRows(file, reader, columns);
            } catch (RuntimeException e) {
                reader.close();
                throw e;
            }
        } catch (FileNotFoundException e) {
            throw JobException.badInput("Parquet file expected at " + file + ": found none.", e);
        } catch (IOException e) {
            throw unreadable(file, e);
        } catch (RuntimeException e) {
            if (e instanceof JobException) {
                throw e;
            }
            throw unreadable(file, e);
        }
    }

    /** Rows in the file. */
    long count() {
        return reader.getRecordCount();
    }

    /** Whether an optional column is there. */
    boolean has(String column) {
        return columns.containsField(column);
    }

    /** The next row, or null at the end. */
    Group next() {
        try {
            while (leftInGroup == 0) {
                PageReadStore pages = reader.readNextRowGroup();
                if (pages == null) {
                    return null;
                }
                leftInGroup = pages.getRowCount();
                group = new ColumnIOFactory()
                        .getColumnIO(columns)
                        .getRecordReader(pages, new GroupRecordConverter(columns));
            }
            leftInGroup--;
            return group.read();
        } catch (IOException | RuntimeException e) {
            throw unreadable(file, e);
        }
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static JobException unreadable(Path file, Exception e) {
        return JobException.badInput(
                "Parquet file " + file + " cannot be read: " + e.getMessage()
                        + ". Copy it again, or make it again with `fednano prepare`.",
                e);
    }
}
