package org.fednano.llm;

/** A call that the frozen LLM did not answer. The message quotes shapes, types and limits, never a caller's values. */
public final class LlmException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final Reason reason;

    public LlmException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public LlmException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** Why. */
    public Reason reason() {
        return reason;
    }

    /** Throws if a rule is broken; says the rule, what was expected and what came. */
    public static void require(boolean holds, Reason reason, String rule, Object expected, Object got) {
        if (!holds) {
            throw new LlmException(reason, rule + ": expected " + expected + ", got " + got);
        }
    }
}
