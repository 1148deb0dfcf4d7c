package org.fednano.prep;

import java.util.List;

/**
 * What a raw data set holds.
 *
 * @param spans in the order of the files; of two records with one id the earlier counts
 * @param records at least so many samples: one for each JSON value, one for each row
 * @param fingerprint SHA-256 of the index files, hexadecimal; pictures are not part of it
 */
record RawIndex(List<RawSpan> spans, long records, String fingerprint) {}
