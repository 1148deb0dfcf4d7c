package org.fednano.metrics;

import java.util.function.Function;

/**
 * One column of a metric table: the one description that its Parquet type, its writer and its documentation come from.
 *
 * @param name column name, with its unit where it has one ({@code wall_seconds}); never renamed
 * @param type its type; never changed
 * @param unit unit in words, or empty
 * @param meaning one line, with when it is null if it may be
 * @param value reads it from a row: String, Integer, Long, Double, Boolean or Instant by type, or null
 * @param <R> row type of the table
 */
public record Column<R>(String name, Type type, String unit, String meaning, Function<R, Object> value) {

    /** Types that metric columns have. */
    public enum Type {
        STRING,
        INT,
        LONG,
        DOUBLE,
        BOOLEAN,
        /** An instant, microseconds, UTC. */
        TIMESTAMP;

        /** The type's name in Spark SQL. */
        public String sql() {
            return this == LONG ? "bigint" : name().toLowerCase(java.util.Locale.ROOT);
        }
    }
}
