package org.fednano.jinja.base;

/** A template that cannot be read or rendered; the message says why, in the words of the template's language. */
public final class JinjaException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Why there is no text. */
    public enum Kind {
        /** Not a template: Jinja2 does not compile it either. */
        SYNTAX,
        /** An error while rendering that Jinja2 raises too, {@code raise_exception} included. */
        RUNTIME,
        /** The same, of Python's kind TypeError: Jinja2 itself catches some of them. */
        TYPE,
        /** The same, of Python's kind ValueError. */
        VALUE,
        /** Jinja2 renders it; this interpreter does not know how, and says what it is. */
        UNSUPPORTED,
        /** Larger, longer or deeper than a template may be. */
        LIMIT
    }

    private final Kind kind;

    JinjaException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** Why there is no text. */
    public Kind kind() {
        return kind;
    }

    public static JinjaException syntax(String message, int line) {
        return new JinjaException(Kind.SYNTAX, message + " (line " + line + ")");
    }

    public static JinjaException runtime(String message) {
        return new JinjaException(Kind.RUNTIME, message);
    }

    public static JinjaException type(String message) {
        return new JinjaException(Kind.TYPE, message);
    }

    public static JinjaException value(String message) {
        return new JinjaException(Kind.VALUE, message);
    }

    public static JinjaException unsupported(String what) {
        return new JinjaException(Kind.UNSUPPORTED, what + " is not supported in chat templates");
    }

    public static JinjaException limit(String message) {
        return new JinjaException(Kind.LIMIT, message);
    }
}
