package org.fednano.metrics;

import org.apache.spark.sql.SparkSession;

/** The metric tables as Spark SQL views: {@code rounds}, {@code clients}, {@code evaluations}, {@code predictions}. */
public final class MetricViews {

    private MetricViews() {}

    /**
     * Registers a temporary view per table, with {@code run_id} (string) and {@code round} (int) beside its columns. The
     * schema is this version's: a file that lacks a column gives nulls, and a run id that looks like a number stays
     * text. A table without files becomes an empty view.
     *
     * @param metrics METRICS, a folder URI
     */
    public static void register(SparkSession spark, String metrics) {
        for (MetricTable<?> table : MetricTables.ALL) {
            var reader = spark.read().schema(table.ddl() + ", `run_id` STRING, `round` INT");
            String folder = metrics + "/" + table.name();
            try {
                var path = new org.apache.hadoop.fs.Path(folder);
                var fs = path.getFileSystem(spark.sparkContext().hadoopConfiguration());
                var rows = fs.exists(path)
                        ? reader.parquet(LiteralPath.of(path))
                        : spark.createDataFrame(
                                java.util.List.<org.apache.spark.sql.Row>of(),
                                org.apache.spark.sql.types.StructType.fromDDL(
                                        table.ddl() + ", `run_id` STRING, `round` INT"));
                rows.createOrReplaceTempView(table.name());
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException("Metric table expected at " + folder, e);
            }
        }
    }
}
