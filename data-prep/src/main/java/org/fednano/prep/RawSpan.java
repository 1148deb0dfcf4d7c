package org.fednano.prep;

import java.io.Serializable;

/**
 * Where records stand in an index file, found without holding their text: one JSON value, or one row group of a Parquet
 * file.
 *
 * @param file path below the data set's folder
 * @param offset first byte in the file; of a Parquet file: number of the row group
 * @param length bytes; of a Parquet file: rows; {@link #NOWHERE} if the data set names the record but does not hold it
 * @param number of the first record in its file, from 1: a JSON line's line, an array's element, a table's row
 * @param id the name that the index gives the record, or null where the record itself has one
 * @param listedSplits splits that list it, joined by commas; empty if there is no such list
 */
record RawSpan(String file, long offset, long length, long number, String id, String listedSplits)
        implements Serializable {

    /** Length of a record that is not there. */
    static final long NOWHERE = -1;

    /** The same for people: where to look. */
    String source() {
        return file + "#" + (id == null ? number : id);
    }
}
