/** FedNano on one page ({@link org.fednano.algorithm.FedNano}) and what it is written in. No Spark, DJL or gRPC here. */
package org.fednano.algorithm;
