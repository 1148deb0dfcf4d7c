package org.fednano.gateway;

/** The gateway's answer to a client that is past its deadline, or whose round is over: it has to stop. */
public final class RoundClosedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public RoundClosedException(String message) {
        super(message);
    }
}
