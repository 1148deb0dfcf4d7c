package org.fednano.encoder;

import org.fednano.sample.Sample;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Prompts of one client that were cut to {@code prompt.max_tokens}: counted, and the first one named. For one thread. */
public final class TruncationStats {

    private static final Logger LOG = LoggerFactory.getLogger(TruncationStats.class);

    private long count;
    private String first = "";

    void add(Sample sample, int tokens, int most) {
        if (count++ == 0) {
            first = sample.sampleId();
            LOG.warn(
                    "Prompt of sample {} (client {}) has {} tokens and is cut to prompt.max_tokens = {}; further ones are"
                            + " only counted",
                    first,
                    sample.clientId(),
                    tokens,
                    most);
        }
    }

    /** Prompts so far. */
    public long count() {
        return count;
    }

    /** Id of the first sample; empty if there is none. */
    public String first() {
        return first;
    }
}
