/**
 * The driver's part that partitions call and that calls the endpoint: sessions, deadlines, a bound in bytes, batches across
 * clients, accounts; and its network side for executors in processes of their own.
 */
package org.fednano.gateway;
