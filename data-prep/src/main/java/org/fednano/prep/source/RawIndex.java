package org.fednano.prep.source;

import java.util.List;

/**
 * What a raw data set holds.
 *
 * @param ranges in the order of the files; of two records with one id the earlier counts
 * @param fingerprint SHA-256 of the index files, hexadecimal; images are not part of it
 */
public record RawIndex(List<RecordRange> ranges, String fingerprint) {

    /** Returns how many samples there are at least: one for each JSON value, one for each row. */
    public long records() {
        return ranges.stream().mapToLong(RecordRange::records).sum();
    }
}
