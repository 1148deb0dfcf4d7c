package org.fednano.prep;

/**
 * A record that goes into no shard.
 *
 * @param id the name that the data set gives it
 * @param detail what was expected and what was found
 * @param source where it stands in the raw data set
 * @param record its own text, cut to a readable length; may be null
 */
record Reject(String id, Reason reason, String detail, String source, String record) {

    private static final int MAX_TEXT = 4096;

    Reject {
        detail = cut(detail);
        record = record == null ? null : cut(record);
    }

    private static String cut(String text) {
        if (text.length() <= MAX_TEXT) {
            return text;
        }
        boolean pair =
                Character.isHighSurrogate(text.charAt(MAX_TEXT - 1)); // half of one would turn into a question mark
        return text.substring(0, pair ? MAX_TEXT - 1 : MAX_TEXT);
    }

    /** Why a record was rejected; the lower-case name is the folder in {@code rejects/}. */
    enum Reason {
        ANSWER_OUTSIDE_CHOICES,
        BAD_CHOICES,
        BAD_CONVERSATION,
        BAD_OWNER,
        BROKEN_ENCODING,
        BROKEN_RECORD,
        DUPLICATE_ID,
        EMPTY_ANSWER,
        EMPTY_QUESTION,
        IMAGE_TOO_LARGE,
        MEDIUM_TOO_LARGE,
        MISSING_IMAGE,
        MISSING_MEDIUM,
        MISSING_RECORD,
        RECORD_TOO_LARGE,
        SPLIT_CONFLICT,
        UNDECODABLE_IMAGE,
        UNKNOWN_SPLIT,
        UNKNOWN_TYPE,
        UNSAFE_PATH,
        UNSUPPORTED_MEDIUM;

        String text() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }
}
