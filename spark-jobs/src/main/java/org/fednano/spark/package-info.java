/** A cohort as partitions of one Spark stage: shards, cached features, encoder weights, rounds, evaluation. */
package org.fednano.spark;
