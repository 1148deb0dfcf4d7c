package org.fednano.prep;

import java.io.Serializable;

/** What became of a record: exactly one of the two is there. */
record Checked(Accepted accepted, Reject reject) implements Serializable {

    static Checked of(Accepted accepted) {
        return new Checked(accepted, null);
    }

    static Checked of(Reject reject) {
        return new Checked(null, reject);
    }
}
