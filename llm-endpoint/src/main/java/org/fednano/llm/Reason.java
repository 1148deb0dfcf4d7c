package org.fednano.llm;

/** Why an endpoint did not answer, as its contract names it (docs/endpoint-contract.md), and what its caller does then. */
public enum Reason {
    /** A shape, dtype, length or value that the operation does not take. */
    BAD_REQUEST(Remedy.FAIL),
    /** A mask that is not ones, then zeros. */
    MASK(Remedy.FAIL),
    /** A token id outside the vocabulary. */
    TOKEN_RANGE(Remedy.FAIL),
    /** A sample without choices, or a choice without tokens. */
    CHOICE(Remedy.FAIL),
    /** NaN or infinity in the embeddings. */
    NONFINITE_INPUT(Remedy.FAIL),
    /** An operation that this contract does not know. */
    UNKNOWN_OP(Remedy.FAIL),
    /** Another version of the contract. */
    VERSION(Remedy.STOP),
    /** Another model than the run's. */
    FINGERPRINT(Remedy.STOP),
    /** Features that the endpoint does not hold, or no more. */
    MISS(Remedy.FAIL),
    /** More tokens or bytes than a request may hold. */
    TOO_LARGE(Remedy.SPLIT),
    /** The request did not fit the server's memory. */
    OOM(Remedy.SPLIT),
    /** The server's queue is full. */
    BUSY(Remedy.RETRY),
    /** The server is starting, draining or gone. */
    NOT_READY(Remedy.RETRY),
    /** No model of that name. */
    NO_MODEL(Remedy.STOP),
    /** No token, or a wrong one. */
    AUTH(Remedy.STOP),
    /** Gateway only: the client's deadline has passed, or its round is over. */
    ROUND_CLOSED(Remedy.STRAGGLE),
    /** Gateway only: the endpoint behind it stayed away for longer than the retries last. */
    ENDPOINT_DOWN(Remedy.STOP),
    /** A loss or gradient that is not finite. */
    NONFINITE_OUTPUT(Remedy.FAIL),
    /** Anything else. */
    INTERNAL(Remedy.RETRY_ONCE);

    /** What a caller does. */
    public enum Remedy {
        /** The call is wrong: it fails, saying what was sent. */
        FAIL,
        /** The run cannot go on with this endpoint. */
        STOP,
        /** The batch is too large: halve it. */
        SPLIT,
        /** Wait and ask again. */
        RETRY,
        /** Ask once more, then fail. */
        RETRY_ONCE,
        /** The client returns as a straggler. */
        STRAGGLE
    }

    private final Remedy remedy;

    Reason(Remedy remedy) {
        this.remedy = remedy;
    }

    /** What a caller does. */
    public Remedy remedy() {
        return remedy;
    }
}
