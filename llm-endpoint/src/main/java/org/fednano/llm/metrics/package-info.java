/** A server's figures, and the HTTP port that shows them to Prometheus. */
package org.fednano.llm.metrics;
