package org.fednano.prep.source;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Neighbouring records of one index file. The driver holds these, never a record of its own; tasks find the records in
 * them.
 *
 * @param file path below the data set's folder
 * @param offset first byte in the file; of a row group: its number
 * @param length bytes; of a row group: rows
 * @param number of the first record in its file, from 1: a JSON line's line, an array's element, a table's row
 * @param records how many there are
 * @param listed the splits that a list of splits gives these records, by id, joined by commas
 */
public record RecordRange(
        Layout layout, String file, long offset, long length, long number, long records, Map<String, String> listed)
        implements Serializable {

    /** How the records of a range are told from each other. */
    public enum Layout {
        /** A row group of a Parquet file. */
        ROW_GROUP,
        /** Lines that are not blank. */
        LINES,
        /** Elements of a JSON array. */
        ELEMENTS,
        /** Names and values of a JSON object. */
        ENTRIES,
        /** Records that are listed, and that the file does not hold. */
        MISSING
    }

    static RecordRange rowGroup(String file, int group, long rows, long number) {
        return new RecordRange(Layout.ROW_GROUP, file, group, rows, number, rows, Map.of());
    }

    /** Gathers the records of one file. */
    static final class Builder {

        /** Enough to be worth a task's while, few enough to be spread over cores. */
        private static final int MOST_RECORDS = 512;

        private static final long MOST_BYTES = 1 << 22;

        private final Layout layout;
        private final String file;
        private final List<RecordRange> ranges;
        private Map<String, String> listed = new TreeMap<>();
        private long start;
        private long end;
        private long first;
        private int records;

        /** @param ranges receives the ranges */
        Builder(Layout layout, String file, List<RecordRange> ranges) {
            this.layout = layout;
            this.file = file;
            this.ranges = ranges;
        }

        /** Adds the next record, from {@code from} to before {@code to}. */
        void add(long from, long to, long number) {
            if (records == MOST_RECORDS || records > 0 && to - start > MOST_BYTES) {
                finish();
            }
            if (records == 0) {
                start = from;
                first = number;
            }
            end = to;
            records++;
        }

        /** Adds what is said of the record that was added last. */
        void list(String id, String splits) {
            listed.put(id, splits);
        }

        void finish() {
            if (records > 0) {
                ranges.add(new RecordRange(
                        layout, file, start, end - start, first, records, listed.isEmpty() ? Map.of() : listed));
            }
            listed = new TreeMap<>();
            records = 0;
        }
    }
}
