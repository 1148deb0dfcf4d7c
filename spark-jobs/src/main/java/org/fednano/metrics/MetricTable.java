package org.fednano.metrics;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * A metric table: its name, what a row is, and its columns. {@code run_id} and {@code round} are not among them: they
 * are partition columns and live in the path. Every column is optional in Parquet, so that files of older versions,
 * which lack a column, still make one table with newer ones.
 *
 * @param name folder under METRICS
 * @param meaning what one row is
 * @param key columns that, with run_id and round, identify a row
 * @param columns in file order
 * @param <R> row type
 */
public record MetricTable<R>(String name, String meaning, List<String> key, List<Column<R>> columns) {

    public MetricTable {
        key = List.copyOf(key);
        columns = List.copyOf(columns);
    }

    /** The Parquet schema. */
    public MessageType schema() {
        return new MessageType(name, columns.stream().map(MetricTable::type).toList());
    }

    /** The columns, without the partition columns, as Spark SQL's DDL. */
    public String ddl() {
        return String.join(
                ", ",
                columns.stream()
                        .map(c -> "`" + c.name() + "` " + c.type().sql().toUpperCase(java.util.Locale.ROOT))
                        .toList());
    }

    /** One whole Parquet file of these rows; the same rows always give the same bytes. */
    public byte[] encode(List<R> rows) {
        MemoryOutputFile file = new MemoryOutputFile();
        try (var writer = new RowWriteSupport.Builder<>(file, this)
                .withConf(new Configuration(false))
                .withWriteMode(ParquetFileWriter.Mode.CREATE)
                .withCompressionCodec(CompressionCodecName.SNAPPY)
                .build()) {
            for (R row : rows) {
                writer.write(row);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Rows of table " + name + " did not become Parquet", e);
        }
        return file.bytes();
    }

    private static Type type(Column<?> column) {
        return switch (column.type()) {
            case STRING -> Types.optional(PrimitiveTypeName.BINARY)
                    .as(LogicalTypeAnnotation.stringType())
                    .named(column.name());
            case INT -> Types.optional(PrimitiveTypeName.INT32).named(column.name());
            case LONG -> Types.optional(PrimitiveTypeName.INT64).named(column.name());
            case DOUBLE -> Types.optional(PrimitiveTypeName.DOUBLE).named(column.name());
            case BOOLEAN -> Types.optional(PrimitiveTypeName.BOOLEAN).named(column.name());
            case TIMESTAMP -> Types.optional(PrimitiveTypeName.INT64)
                    .as(LogicalTypeAnnotation.timestampType(true, TimeUnit.MICROS))
                    .named(column.name());
        };
    }
}
