package org.fednano.prep.source;

import java.util.Locale;

/** Why a record was rejected; the lower-case name is the folder in {@code rejects/}. */
public enum RejectReason {
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

    /** Returns the name as it stands in files. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
