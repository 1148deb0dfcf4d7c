/** The federation on Spark: clients as partitions that list, encode, train and evaluate. */
package org.fednano.cluster;
