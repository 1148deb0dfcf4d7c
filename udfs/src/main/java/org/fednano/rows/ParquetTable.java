package org.fednano.rows;

import java.io.EOFException;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.crypto.ParquetCryptoRuntimeException;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.fednano.settings.JobException;

/**
 * A Parquet file of any writer: some of its columns, a row group at a time in memory. What cannot be read is refused by name
 * before the first row.
 */
public final class ParquetTable implements AutoCloseable {

    private static final String WRITE_AGAIN =
            " Write the file again, as with compression='zstd' of pyarrow, pandas, polars"
                    + " or DuckDB, or spark.sql.parquet.compression.codec=zstd.";

    /** Bytes that are not what the file's footer says of them. */
    public static final class DamagedException extends IOException {
        private static final long serialVersionUID = 1L;

        DamagedException(Exception cause) {
            super("its bytes are not what the file's footer says of them", cause);
        }
    }

    private final InputFile file;
    private final ParquetFileReader reader;
    private final ParquetReadOptions options;
    private MessageType columns;

    private ParquetTable(InputFile file, ParquetFileReader reader, ParquetReadOptions options) {
        this.file = file;
        this.reader = reader;
        this.options = options;
        this.columns = schema();
    }

    /**
     * Opens a file and reads its footer.
     *
     * @throws JobException with status 3 if it is no Parquet file, cut off, damaged or encrypted
     */
    public static ParquetTable open(InputFile file) throws IOException {
        ParquetReadOptions options = ParquetReadOptions.builder().build();
        try {
            return new ParquetTable(file, reader(file, options), options);
        } catch (IOException e) {
            if (isDecoding(e)) {
                throw OtherFile.refusal(file, e);
            }
            throw e;
        } catch (RuntimeException e) {
            throw OtherFile.refusal(file, e);
        }
    }

    private static ParquetFileReader reader(InputFile file, ParquetReadOptions options) throws IOException {
        try {
            return ParquetFileReader.open(file, options);
        } catch (RuntimeException e) {
            Optional<InputFile> known = YoungerTypes.of(file);
            if (known.isEmpty()) {
                throw e;
            }
            return ParquetFileReader.open(known.get(), options);
        }
    }

    /** Parquet's library wraps what it cannot decode in the exception that a broken disk throws. */
    private static boolean isDecoding(IOException e) {
        return e instanceof EOFException || e.getCause() != null && !(e.getCause() instanceof IOException);
    }

    /** All columns of the file. */
    public MessageType schema() {
        return reader.getFileMetaData().getSchema();
    }

    /** The columns that are read. */
    public MessageType columns() {
        return columns;
    }

    public List<BlockMetaData> rowGroups() {
        return reader.getRowGroups();
    }

    public long rows() {
        return reader.getRecordCount();
    }

    /**
     * Reads only the top-level columns with these names.
     *
     * @throws JobException with status 3 if two have the same name, or one is compressed, encoded or encrypted in a way that cannot be read
     */
    public ParquetTable select(Predicate<String> names) {
        List<Type> wanted = schema().getFields().stream()
                .filter(f -> names.test(f.getName()))
                .toList();
        requireDifferentNames(wanted);
        columns = new MessageType(schema().getName(), wanted);
        try {
            rowGroups().forEach(group -> chunks(group).forEach(this::requireReadable));
            reader.setRequestedSchema(columns);
        } catch (ParquetCryptoRuntimeException e) {
            throw JobException.badInput(
                    "Columns without encryption expected in " + file + ": found encrypted ones among "
                            + columns.getFields().stream().map(Type::getName).toList()
                            + ". Write the file again without encryption.",
                    e);
        }
        return this;
    }

    private void requireDifferentNames(List<Type> wanted) {
        Set<String> names = new HashSet<>();
        for (Type column : wanted) {
            if (!names.add(column.getName())) {
                throw JobException.badInput("One column '" + column.getName() + "' expected in " + file
                        + ": found several of that name. Write the file again with another name for each.");
            }
        }
    }

    private List<ColumnChunkMetaData> chunks(BlockMetaData group) {
        return group.getColumns().stream()
                .filter(c -> columns.containsField(c.getPath().toArray()[0]))
                .toList();
    }

    private void requireReadable(ColumnChunkMetaData chunk) {
        String column = chunk.getPath().toDotString();
        CompressionCodecName codec = chunk.getCodec();
        try {
            options.getCodecFactory().getDecompressor(codec);
        } catch (RuntimeException | LinkageError e) {
            throw JobException.badInput(
                    "A column compressed with ZSTD, SNAPPY, GZIP or LZ4, or not at all, expected in " + file
                            + ": found " + codec + " of column '" + column + "', which is not installed here."
                            + WRITE_AGAIN,
                    e);
        }
        PrimitiveTypeName type = chunk.getPrimitiveType().getPrimitiveTypeName();
        boolean floating = type == PrimitiveTypeName.FLOAT || type == PrimitiveTypeName.DOUBLE;
        if (chunk.getEncodings().contains(Encoding.BYTE_STREAM_SPLIT) && !floating) {
            throw JobException.badInput("Encoding BYTE_STREAM_SPLIT of float or double columns only expected in " + file
                    + ": found it of column '" + column + "' with type " + type
                    + ". Write the file again with the writer's default encodings.");
        }
    }

    /** Bytes of the selected columns in a row group. */
    public long bytes(int rowGroup) {
        return chunks(rowGroups().get(rowGroup)).stream()
                .mapToLong(ColumnChunkMetaData::getTotalSize)
                .sum();
    }

    /** Rows of a row group, one by one. */
    public final class Rows {

        private final RecordReader<Group> records;

        private Rows(RecordReader<Group> records) {
            this.records = records;
        }

        public Group next() throws DamagedException {
            try {
                return records.read();
            } catch (RuntimeException e) { // also lengths and offsets that lead nowhere
                throw new DamagedException(e);
            }
        }
    }

    /** Reads the selected columns of a row group. */
    public Rows rows(int rowGroup) throws IOException {
        try {
            return new Rows(new ColumnIOFactory()
                    .getColumnIO(columns)
                    .getRecordReader(reader.readRowGroup(rowGroup), new GroupRecordConverter(columns)));
        } catch (IOException e) {
            throw isDecoding(e) ? new DamagedException(e) : e;
        } catch (RuntimeException e) {
            throw new DamagedException(e);
        }
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
