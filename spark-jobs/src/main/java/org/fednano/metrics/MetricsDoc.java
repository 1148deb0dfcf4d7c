package org.fednano.metrics;

import java.util.List;

/** The text of {@code conf/sql/README.md}, written from the tables' descriptions. */
public final class MetricsDoc {

    private MetricsDoc() {}

    /** The whole text, in Markdown. */
    public static String text() {
        StringBuilder text = new StringBuilder(
                """
                # Metric tables

                <!-- Written from org.fednano.metrics.MetricTables; a test keeps it equal. Regenerate:
                     mvn -pl spark-jobs -am test -Dtest=MetricsDocTest -Dsurefire.failIfNoSpecifiedTests=false -Dfednano.write-docs=true -->

                Parquet under `METRICS/TABLE/run_id=…/round=…/part-….parquet` (`METRICS` is the setting `run.metrics_dir`). Many
                runs share the tables. `run_id` (string) and `round` (int) are partition columns: they live in the path, and
                every table has them. A column is never renamed or retyped, only added; where a file is older than a column,
                the column is null. Rows appear when their round is committed; measuring a split again replaces its rows.

                The `.sql` files beside this page run in Spark SQL over views of these names:

                ```sql
                CREATE TEMPORARY VIEW rounds      USING parquet OPTIONS (path 'METRICS/rounds',      mergeSchema 'true');
                CREATE TEMPORARY VIEW clients     USING parquet OPTIONS (path 'METRICS/clients',     mergeSchema 'true');
                CREATE TEMPORARY VIEW evaluations USING parquet OPTIONS (path 'METRICS/evaluations', mergeSchema 'true');
                CREATE TEMPORARY VIEW predictions USING parquet OPTIONS (path 'METRICS/predictions', mergeSchema 'true');
                ```

                A run id that looks like a number or a date is read as one unless
                `spark.sql.sources.partitionColumnTypeInference.enabled` is `false`.

                They run in DuckDB, too, over

                ```sql
                CREATE VIEW rounds      AS FROM read_parquet('METRICS/rounds/*/*/*.parquet',      union_by_name = true, hive_types = {run_id: VARCHAR, round: INT});
                CREATE VIEW clients     AS FROM read_parquet('METRICS/clients/*/*/*.parquet',     union_by_name = true, hive_types = {run_id: VARCHAR, round: INT});
                CREATE VIEW evaluations AS FROM read_parquet('METRICS/evaluations/*/*/*.parquet', union_by_name = true, hive_types = {run_id: VARCHAR, round: INT});
                CREATE VIEW predictions AS FROM read_parquet('METRICS/predictions/*/*/*.parquet', union_by_name = true, hive_types = {run_id: VARCHAR, round: INT});
                ```
                """);
        for (MetricTable<?> table : MetricTables.ALL) {
            describe(table, text);
        }
        return text.toString();
    }

    private static void describe(MetricTable<?> table, StringBuilder text) {
        String key = String.join("`, `", concat(List.of("run_id", "round"), table.key()));
        text.append("\n## `").append(table.name()).append("`\n\n").append(table.meaning());
        text.append(" Key: `").append(key).append("`.\n\n");
        text.append("| column | type | unit | meaning |\n| --- | --- | --- | --- |\n");
        for (Column<?> column : table.columns()) {
            text.append("| `")
                    .append(column.name())
                    .append("` | ")
                    .append(column.type().sql());
            text.append(" | ")
                    .append(column.unit())
                    .append(" | ")
                    .append(column.meaning())
                    .append(" |\n");
        }
    }

    private static List<String> concat(List<String> a, List<String> b) {
        return java.util.stream.Stream.concat(a.stream(), b.stream()).toList();
    }
}
