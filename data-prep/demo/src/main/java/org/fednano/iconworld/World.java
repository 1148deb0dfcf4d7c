package org.fednano.iconworld;

/**
 * Which IconWorld is drawn: the base world, or a federation that asks one question of a strategy. Where one client is odd, it
 * is the first, and its test sets are honest: what counts is how the others fare.
 */
enum World {
    /** One owner, nothing shifted, answers equally frequent: for pretraining. */
    BASE,
    /** One shift for all; each client has answer frequencies of its own. */
    SHARED,
    /** Shared, and the first client's training answers are shuffled; it has as many samples as the others. */
    NOISY,
    /** The same with three tenths of all samples. */
    NOISY_BIG,
    /** Shared, and the first client's pictures are drowned in noise, under honest answers. */
    MISFIT,
    /** Shared, and the first client has eight training samples. */
    TINY,
    /** Shared, and each client asks questions of another skill. */
    TASKS,
    /** Two shifts, each of one half of the clients. */
    CLUSTER,
    /** Each client has a shift of its own; answers equally frequent. */
    CONFLICT,
    /** Noise and answer frequencies of its own per client: an adapter has nothing to gain. */
    CONTROL,
    /** Shared, and the first client's training samples are nonsense: noise for pictures, always the same answer. */
    BROKEN,
    /** Shared, and two further clients have test sets only. */
    UNSEEN;

    static World of(String text) {
        return valueOf(text.toUpperCase(java.util.Locale.ROOT).replace('-', '_'));
    }

    String text() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    boolean skewsAnswers() {
        return this != BASE && this != CONFLICT;
    }

    /** Clients without which it would not be that world. */
    int leastClients() {
        return switch (this) {
            case BASE, SHARED, CONFLICT, CONTROL, UNSEEN -> 1;
            case NOISY, NOISY_BIG, MISFIT, TINY, TASKS, CLUSTER, BROKEN -> 2;
        };
    }
}
