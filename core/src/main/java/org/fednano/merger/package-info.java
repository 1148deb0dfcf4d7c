/** Merging of client updates into the next global adapter, as accumulators that fold one client at a time. */
package org.fednano.merger;
