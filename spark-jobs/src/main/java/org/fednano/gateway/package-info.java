/** The driver's part that partitions call and that calls the endpoint: sessions, deadlines, bytes counted. */
package org.fednano.gateway;
