/** A run from its first round to its last: session, rounds, rows for the metric tables, last.json. */
package org.fednano.run;
