package org.fednano.prep.format;

import java.io.Serializable;

/** What became of a record: a sample, or a reject with its reason. */
public sealed interface RecordResult extends Serializable permits RawSample, Reject {

    /** Returns the name that the data set gives it. */
    String id();

    /** Returns where it stands in the raw data set. */
    String source();
}
