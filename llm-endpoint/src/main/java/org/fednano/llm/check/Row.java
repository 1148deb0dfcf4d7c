package org.fednano.llm.check;

/**
 * One check's result.
 *
 * @param name what was checked
 * @param verdict whether it holds
 * @param measured what was found
 * @param limit what is asked
 * @param note why it failed or was skipped; empty if it passed
 */
public record Row(String name, Verdict verdict, String measured, String limit, String note) {

    /** Whether a check holds. */
    public enum Verdict {
        PASS,
        FAIL,
        /** It could not be tried. */
        SKIPPED
    }
}
