package org.fednano.prep.source;

import com.fasterxml.jackson.databind.JsonNode;
import org.fednano.rows.ParquetValues;

/**
 * A record as its file has it.
 *
 * @param source where it stands, for people
 * @param id the name that the index gives it; else the same as {@code source}
 * @param listedSplits splits that list it, joined by commas; empty if there is no such list
 * @param fields its fields, or null where it is broken
 * @param broken why it cannot be read, or null
 * @param text its own text, or null where it has none
 */
public record RawRecord(
        String source, String id, String listedSplits, JsonNode fields, RecordRejected broken, String text) {

    /** Returns the fields, unless the record is broken. */
    public JsonNode read() throws RecordRejected {
        if (broken != null) {
            throw broken;
        }
        return fields;
    }

    /** Returns the text that a reject shows, or null where there is none. */
    public String shown() {
        return text == null && fields != null ? ParquetValues.shown(fields) : text;
    }

    /** A row of a table, which has no text. */
    static RawRecord row(String source, JsonNode fields, RecordRejected broken) {
        return new RawRecord(source, source, "", fields, broken, null);
    }
}
