package org.fednano.prep;

import org.fednano.prep.Reject.Reason;

/** Ends the check of a record that goes to the rejects. */
final class Bad extends Exception {

    private static final long serialVersionUID = 1L;

    private final Reason reason;

    /** @param detail what was expected and what was found */
    Bad(Reason reason, String detail) {
        super(detail, null, false, false);
        this.reason = reason;
    }

    Reason reason() {
        return reason;
    }
}
