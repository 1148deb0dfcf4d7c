/** Layouts of raw data sets: a record becomes a sample, or a reject with its reason. */
package org.fednano.prep.format;
