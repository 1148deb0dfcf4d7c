package org.fednano.rows;

/** A value that does not mean what its column should hold; the message says what was expected and what was found. */
public final class BadValue extends Exception {

    private static final long serialVersionUID = 1L;

    /** What is wrong with it. */
    public enum Kind {
        /** Another type, or no value where one is needed. */
        TYPE,
        /** Bytes that are not UTF-8, or half of a surrogate pair. */
        ENCODING,
        /** A list that nothing can be chosen from. */
        CHOICES
    }

    private final Kind kind;

    public BadValue(Kind kind, String message) {
        super(message, null, false, false);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
