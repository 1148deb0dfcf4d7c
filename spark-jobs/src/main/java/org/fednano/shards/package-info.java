/** Prepared rows of clients: shared shards, or a catalogue of clients whose rows lie elsewhere. */
package org.fednano.shards;
