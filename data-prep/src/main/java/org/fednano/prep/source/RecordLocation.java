package org.fednano.prep.source;

/**
 * Where a JSON record stands in an index file.
 *
 * @param file path below the data set's folder
 * @param offset first byte in the file
 * @param length bytes; {@link #NOWHERE} if the data set names the record but does not hold it
 * @param number in its file, from 1: a JSON line's line, an array's element
 * @param id the name that the index gives the record, or null where the record itself has one
 * @param listedSplits splits that list it, joined by commas; empty if there is no such list
 */
record RecordLocation(String file, long offset, long length, long number, String id, String listedSplits) {

    /** Length of a record that is not there. */
    static final long NOWHERE = -1;

    /** The same for people: where to look. */
    String source() {
        return file + "#" + (id == null ? number : id);
    }
}
