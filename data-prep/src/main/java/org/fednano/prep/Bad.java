package org.fednano.prep;

import org.fednano.prep.Reject.Reason;
import org.fednano.rows.BadValue;

/** Ends the check of a record that goes to the rejects. */
final class Bad extends Exception {

    private static final long serialVersionUID = 1L;

    private final Reason reason;

    /** @param detail what was expected and what was found */
    Bad(Reason reason, String detail) {
        super(detail, null, false, false);
        this.reason = reason;
    }

    static Bad of(BadValue value) {
        return new Bad(
                switch (value.kind()) {
                    case TYPE -> Reason.BROKEN_RECORD;
                    case ENCODING -> Reason.BROKEN_ENCODING;
                    case CHOICES -> Reason.BAD_CHOICES;
                },
                value.getMessage());
    }

    Reason reason() {
        return reason;
    }
}
