package org.fednano.jinja.base;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Python's str: a sequence of code points. */
public final class Text {

    private Text() {}

    public static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Place in Java's chars of a code point. */
    public static int offset(String text, int codePoint) {
        return text.offsetByCodePoints(0, codePoint);
    }

    public static List<Object> characters(String text) {
        List<Object> characters = new ArrayList<>(text.length());
        text.codePoints().forEach(c -> characters.add(Character.toString(c)));
        return Collections.unmodifiableList(characters);
    }

    /** By code points, which is another order than that of Java's chars. */
    public static int compare(String left, String right) {
        int shorter = Math.min(left.length(), right.length());
        for (int i = 0; i < shorter; i++) {
            char l = left.charAt(i);
            char r = right.charAt(i);
            if (l != r) {
                boolean sameKind = Character.isSurrogate(l) == Character.isSurrogate(r);
                return sameKind ? Character.compare(l, r) : Character.isSurrogate(l) ? 1 : -1;
            }
        }
        return Integer.compare(left.length(), right.length());
    }

    public static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    /** Whether it is white space, and not empty. */
    public static boolean isBlank(String text) {
        return !text.isEmpty() && text.codePoints().allMatch(Text::isSpace);
    }

    /** Without Python's white space at its ends, which is more than Java's. */
    public static String strip(String text, boolean left, boolean right) {
        int from = 0;
        int to = text.length();
        while (left && from < to && isSpace(text.charAt(from))) {
            from++;
        }
        while (right && to > from && isSpace(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    public static String strip(String text, String characters, boolean left, boolean right) {
        int[] points = text.codePoints().toArray();
        int from = 0;
        int to = points.length;
        while (left && from < to && characters.indexOf(points[from]) >= 0) {
            from++;
        }
        while (right && to > from && characters.indexOf(points[to - 1]) >= 0) {
            to--;
        }
        return new String(points, from, to - from);
    }

    public static String upper(String text) {
        text.codePoints().forEach(Text::kind);
        return text.toUpperCase(Locale.ROOT);
    }

    public static String lower(String text) {
        text.codePoints().forEach(Text::kind);
        return text.toLowerCase(Locale.ROOT);
    }

    public static boolean isLower(int c) {
        kind(c);
        return Character.isLowerCase(c);
    }

    public static boolean isUpper(int c) {
        kind(c);
        return Character.isUpperCase(c);
    }

    private static boolean isCased(int c) {
        return isLower(c) || isUpper(c) || Character.isTitleCase(c);
    }

    public static String capitalized(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.codePointAt(0);
        String begin = Character.toString(first);
        return titled(first) + lower(text).substring(lower(begin).length());
    }

    /** {@code str.title}: the first cased letter of each word, words ending at anything uncased. */
    public static String title(String text) {
        String lowered = lower(text);
        StringBuilder out = new StringBuilder();
        int at = 0;
        boolean within = false;
        for (int c : text.codePoints().toArray()) {
            int end = at + lower(Character.toString(c)).length();
            out.append(within ? lowered.substring(at, end) : titled(c));
            at = end;
            within = isCased(c);
        }
        return out.toString();
    }

    private static String titled(int c) {
        if (Character.toTitleCase(c) != c) {
            return Character.toString(Character.toTitleCase(c));
        }
        String upper = upper(Character.toString(c));
        if (length(upper) == 1) {
            return Character.toString(c);
        }
        if (c != 0xdf && (c < 0xfb00 || c > 0xfb17)) { // ß and ligatures
            throw JinjaException.unsupported("the title case of '" + Character.toString(c) + "'");
        }
        int first = Character.charCount(upper.codePointAt(0));
        return upper.substring(0, first) + lower(upper.substring(first));
    }

    public static boolean isTitle(String text) {
        boolean cased = false;
        boolean within = false;
        for (int c : text.codePoints().toArray()) {
            boolean capital = isUpper(c) || Character.isTitleCase(c);
            if (within ? capital : isLower(c)) {
                return false;
            }
            within = capital || isLower(c);
            cased |= within;
        }
        return cased;
    }

    public static boolean isLower(String text) {
        return text.codePoints().anyMatch(Text::isLower)
                && text.codePoints().noneMatch(c -> isUpper(c) || Character.isTitleCase(c));
    }

    public static boolean isUpper(String text) {
        return text.codePoints().anyMatch(Text::isUpper)
                && text.codePoints().noneMatch(c -> isLower(c) || Character.isTitleCase(c));
    }

    public static String swappedCase(String text) {
        String lowered = lower(text);
        StringBuilder out = new StringBuilder();
        int at = 0;
        for (int c : text.codePoints().toArray()) {
            int end = at + lower(Character.toString(c)).length();
            out.append(
                    isUpper(c)
                            ? lowered.substring(at, end)
                            : isLower(c) ? upper(Character.toString(c)) : Character.toString(c));
            at = end;
        }
        return out.toString();
    }

    /** @throws JinjaException for a character that is newer than this Java: Python may know it */
    public static int kind(int c) {
        int kind = Character.getType(c);
        boolean never = (c & 0xfffe) == 0xfffe || c >= 0xfdd0 && c <= 0xfdef;
        if (kind == Character.UNASSIGNED && !never) {
            throw JinjaException.unsupported("the kind or case of the character U+" + Integer.toHexString(c));
        }
        return kind;
    }

    public static boolean isLetter(int c) {
        return kind(c) != Character.UNASSIGNED && Character.isLetter(c);
    }

    /** Python's {@code \w} without the underscore. */
    public static boolean isWordPart(int c) {
        return isLetter(c)
                || switch (kind(c)) {
                    case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
                    default -> false;
                };
    }

    public static boolean isPrintable(int c) {
        return switch (kind(c)) {
            case Character.UNASSIGNED,
                    Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }

    /** Lines by all that Python takes for a line's end. */
    public static List<Object> lines(String text, boolean keepEnds) {
        List<Object> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ("\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029".indexOf(c) < 0) {
                continue;
            }
            int end = i;
            i += c == '\r' && text.startsWith("\n", i + 1) ? 1 : 0;
            lines.add(text.substring(from, keepEnds ? i + 1 : end));
            from = i + 1;
        }
        if (from < text.length()) {
            lines.add(text.substring(from));
        }
        return Collections.unmodifiableList(lines);
    }
}
