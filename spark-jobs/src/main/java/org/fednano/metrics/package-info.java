/**
 * The metric tables: what one row of each means, described once per column, and the Parquet files that hold them.
 * Where the files go and when they become visible is the run store's business.
 */
package org.fednano.metrics;
