package org.fednano.sample;

import java.util.Locale;
import java.util.regex.Pattern;

/** How answers are compared, the same everywhere: when data is prepared, when a model is evaluated, and in SQL. */
public final class Answers {

    private static final Pattern WHITE_SPACE = Pattern.compile("[\\s\\p{Z}]+");

    private Answers() {}

    /** Lower case (root locale), no white space at the ends, one blank for each run of white space inside. */
    public static String normalise(String answer) {
        return WHITE_SPACE.matcher(answer).replaceAll(" ").strip().toLowerCase(Locale.ROOT);
    }

    /** Whether two answers are equal once normalised; nothing equals an answer that is missing (null). */
    public static boolean match(String predicted, String expected) {
        return predicted != null && expected != null && normalise(predicted).equals(normalise(expected));
    }
}
