package org.fednano.report.data;

import java.util.List;

/** Text that comes from data or settings, made fit to print. */
public final class Texts {

    private Texts() {}

    /** Text that is safe between tags and in attributes. */
    public static String escape(String text) {
        StringBuilder safe = new StringBuilder(text.length() + 16);
        clean(text).codePoints().forEach(c -> {
            switch (c) {
                case '&' -> safe.append("&amp;");
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '"' -> safe.append("&quot;");
                case '\'' -> safe.append("&#39;");
                default -> safe.appendCodePoint(c);
            }
        });
        return safe.toString();
    }

    /** The text with a question mark for each character that XML cannot hold, not even escaped. */
    public static String clean(String text) {
        StringBuilder clean = new StringBuilder(text.length());
        text.codePoints().forEach(c -> clean.appendCodePoint(allowed(c) ? c : '?'));
        return clean.toString();
    }

    /** One line of visible characters: a name from data cannot move a terminal's cursor. */
    public static String line(String text) {
        return text.replaceAll("\\s", " ").replaceAll("\\p{Cntrl}", "?");
    }

    /** Up to eight names, and how many more there are. */
    public static String few(List<String> names) {
        return names.size() <= 8
                ? String.join(", ", names)
                : String.join(", ", names.subList(0, 8)) + " and " + (names.size() - 8) + " more";
    }

    public static String capital(String text) {
        return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }

    private static boolean allowed(int c) {
        return c == '\t'
                || c == '\n'
                || c == '\r'
                || c >= 0x20 && c <= 0xD7FF
                || c >= 0xE000 && c <= 0xFFFD
                || c >= 0x10000;
    }
}
