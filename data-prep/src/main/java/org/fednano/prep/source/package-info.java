/** Raw data sets: where their records and media stand, and how they are read safely. */
package org.fednano.prep.source;
