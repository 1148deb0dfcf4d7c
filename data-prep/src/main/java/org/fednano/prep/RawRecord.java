package org.fednano.prep;

import java.io.Serializable;

/**
 * One record of a raw data set as it stands there, before any check.
 *
 * @param id the name that the data set gives it
 * @param json its own text; null if the data set names it but does not hold it
 * @param listedSplits splits that list it, joined by commas; empty if there is no such list
 * @param repeated whether the same id came before
 */
record RawRecord(String id, String json, String listedSplits, boolean repeated) implements Serializable {}
