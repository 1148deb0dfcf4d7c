package org.fednano.iconworld;

/** Which IconWorld is drawn. */
enum World {
    /** One owner, nothing shifted, answers equally frequent: for pretraining. */
    BASE,
    /** A federation with one shift for all; each client has answer frequencies of its own. */
    SHARED,
    /** A federation where each client has a shift of its own; answers equally frequent. */
    CONFLICT,
    /** A federation with noise and answer frequencies of its own per client: an adapter has nothing to gain. */
    CONTROL;

    static World of(String text) {
        return valueOf(text.toUpperCase(java.util.Locale.ROOT));
    }

    String text() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    boolean skewsAnswers() {
        return this == SHARED || this == CONTROL;
    }
}
