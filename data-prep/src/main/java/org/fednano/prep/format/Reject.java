package org.fednano.prep.format;

import org.fednano.prep.source.RawRecord;
import org.fednano.prep.source.RecordRejected;
import org.fednano.prep.source.RejectReason;

/**
 * A record that goes into no shard.
 *
 * @param id the name that the data set gives it
 * @param detail what was expected and what was found
 * @param source where it stands in the raw data set
 * @param record its own text, cut to a readable length; may be null
 */
public record Reject(String id, RejectReason reason, String detail, String source, String record)
        implements RecordResult {

    private static final int MAX_TEXT = 4096;

    public Reject {
        detail = cut(detail);
        record = record == null ? null : cut(record);
    }

    static Reject of(String id, RecordRejected rejected, RawRecord record) {
        return new Reject(id, rejected.reason(), rejected.getMessage(), record.source(), record.shown());
    }

    private static String cut(String text) {
        if (text.length() <= MAX_TEXT) {
            return text;
        }
        boolean pair =
                Character.isHighSurrogate(text.charAt(MAX_TEXT - 1)); // half of one would turn into a question mark
        return text.substring(0, pair ? MAX_TEXT - 1 : MAX_TEXT);
    }
}
