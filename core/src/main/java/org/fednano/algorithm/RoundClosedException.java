package org.fednano.algorithm;

/** A client asked for a gradient after its deadline: it becomes a {@link ClientOutcome.Straggler}. */
public final class RoundClosedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public RoundClosedException(String message) {
        super(message);
    }
}
