package org.fednano.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.fednano.metrics.LiteralPath;
import org.fednano.settings.JobException;

/**
 * A catalogue as a Parquet table with the columns {@code client_id}, {@code uri}, and where they are {@code hadoop} (map of
 * texts), {@code tags} (list of texts) and {@code enabled} (boolean). Other columns are left alone.
 */
final class CatalogueTable {

    private static final Map<String, DataType> COLUMNS = Map.of(
            "client_id", DataTypes.StringType,
            "uri", DataTypes.StringType,
            "hadoop", DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType),
            "tags", DataTypes.createArrayType(DataTypes.StringType),
            "enabled", DataTypes.BooleanType);
    private static final Set<String> REQUIRED = Set.of("client_id", "uri");

    private CatalogueTable() {}

    static List<ClientCatalogue.Entry> read(SparkSession spark, Path table) {
        Dataset<Row> rows = open(spark, table);
        StructType schema = rows.schema();
        List<String> found = List.of(schema.fieldNames());
        Map<String, Column> columns = new TreeMap<>();
        COLUMNS.forEach((name, type) -> {
            if (found.contains(name)) {
                requireType(table, name, type, schema.apply(name).dataType());
                columns.put(name, functions.col(name));
            } else if (REQUIRED.contains(name)) {
                throw JobException.badInput("Column '" + name + "' expected in the client catalogue " + table
                        + ": found the columns " + found + ".");
            } else {
                columns.put(name, functions.lit(null).cast(type).as(name));
            }
        });
        List<ClientCatalogue.Entry> entries = new ArrayList<>();
        for (Row row : collect(rows.select(columns.values().toArray(Column[]::new)), table)) {
            entries.add(entry(row, table));
        }
        return entries;
    }

    private static List<Row> collect(Dataset<Row> rows, Path table) {
        try {
            return rows.collectAsList();
        } catch (Exception e) { // Scala throws SparkException undeclared
            throw unreadable(table, e);
        }
    }

    private static JobException unreadable(Path table, Exception e) {
        return JobException.badInput("A client catalogue expected at " + table
                + " (run.clients), a file that ends in .conf or a Parquet table: " + e.getMessage());
    }

    private static Dataset<Row> open(SparkSession spark, Path table) {
        try {
            return spark.read().parquet(LiteralPath.of(table));
        } catch (Exception e) { // Scala throws AnalysisException undeclared
            throw unreadable(table, e);
        }
    }

    private static void requireType(Path table, String name, DataType expected, DataType found) {
        // Whether values of lists and maps may be null does not matter.
        if (!DataType.equalsStructurally(expected, found, true)) {
            throw JobException.badInput("Column '" + name + "' of the client catalogue " + table + " must be "
                    + expected.simpleString() + ": found " + found.simpleString() + ".");
        }
    }

    private static ClientCatalogue.Entry entry(Row row, Path table) {
        String id = row.getAs("client_id");
        String uri = row.getAs("uri");
        if (id == null || uri == null) {
            throw JobException.badInput("Every client of the catalogue " + table
                    + " needs client_id and uri: found a row with " + (id == null ? "no client_id" : "no uri")
                    + (id == null ? "." : " (client " + id + ")."));
        }
        Map<String, String> hadoop = new TreeMap<>();
        if (!row.isNullAt(row.fieldIndex("hadoop"))) {
            row.<String, String>getJavaMap(row.fieldIndex("hadoop")).forEach((key, value) -> {
                if (value != null) {
                    hadoop.put(key, value);
                }
            });
        }
        Boolean enabled = row.getAs("enabled");
        return new ClientCatalogue.Entry(id, uri, hadoop, tags(row), enabled == null || enabled);
    }

    private static List<String> tags(Row row) {
        int column = row.fieldIndex("tags");
        return row.isNullAt(column)
                ? List.of()
                : row.<String>getList(column).stream().filter(Objects::nonNull).toList();
    }
}
