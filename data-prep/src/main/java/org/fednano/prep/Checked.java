package org.fednano.prep;

/** What became of a record: exactly one of the two is there. */
record Checked(Accepted accepted, Reject reject) {

    static Checked of(Accepted accepted) {
        return new Checked(accepted, null);
    }

    static Checked of(Reject reject) {
        return new Checked(null, reject);
    }
}
