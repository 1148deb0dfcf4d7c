/** What all jobs over clients share: one task per client, limits on stalls, the gateway, Hadoop settings as Spark has them. */
package org.fednano.spark;
