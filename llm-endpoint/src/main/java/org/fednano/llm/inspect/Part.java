package org.fednano.llm.inspect;

import java.util.Locale;

/**
 * A part of the model and who holds it.
 *
 * @param name such as {@code connector}
 * @param holder who holds it during a run
 * @param parameters values
 * @param storedBytes in the checkpoint, or as its config's dtype would store them
 */
record Part(String name, Holder holder, long parameters, long storedBytes) {

    /** Sides of the split. */
    enum Holder {
        CLIENT,
        SERVER;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** In memory while it works: everything is float32 there. */
    long memoryBytes() {
        return Float.BYTES * parameters;
    }
}
