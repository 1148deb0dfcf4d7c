package org.fednano.prep.source;

import org.fednano.rows.BadValue;

/** Thrown where a record is rejected: it ends in the rejects, with its reason. */
public final class RecordRejected extends Exception {

    private static final long serialVersionUID = 1L;

    private final RejectReason reason;

    /** @param detail what was expected and what was found */
    public RecordRejected(RejectReason reason, String detail) {
        super(detail, null, false, false);
        this.reason = reason;
    }

    public static RecordRejected of(BadValue value) {
        return new RecordRejected(
                switch (value.kind()) {
                    case TYPE -> RejectReason.BROKEN_RECORD;
                    case ENCODING -> RejectReason.BROKEN_ENCODING;
                    case CHOICES -> RejectReason.BAD_CHOICES;
                },
                value.getMessage());
    }

    public RejectReason reason() {
        return reason;
    }
}
