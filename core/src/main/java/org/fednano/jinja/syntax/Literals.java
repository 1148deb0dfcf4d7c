package org.fednano.jinja.syntax;

import static org.fednano.jinja.base.JinjaException.syntax;
import static org.fednano.jinja.base.JinjaException.unsupported;

import java.util.Locale;

/** Escapes in string literals, as Python's codec {@code unicode-escape} reads them. */
final class Literals {

    private static final String NAMED = "\\'\"abfnrtv";
    private static final String MEANT = "\\'\"\u0007\b\f\n\r\t\u000b";

    private Literals() {}

    static String unescaped(String quoted, int line) {
        if (quoted.indexOf('\\') < 0) {
            return quoted;
        }
        String ascii = ascii(quoted);
        StringBuilder out = new StringBuilder();
        int i = 0;
        while (i < ascii.length()) {
            char c = ascii.charAt(i++);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            char kind = ascii.charAt(i++); // the lexer lets no literal end in the middle of an escape
            int named = NAMED.indexOf(kind);
            if (named >= 0) {
                out.append(MEANT.charAt(named));
            } else if (kind >= '0' && kind <= '7') {
                int end = i;
                while (end < ascii.length() && end < i + 2 && ascii.charAt(end) >= '0' && ascii.charAt(end) <= '7') {
                    end++;
                }
                out.append((char) Integer.parseInt(ascii.substring(i - 1, end), 8));
                i = end;
            } else if (kind == 'x' || kind == 'u' || kind == 'U') {
                int digits = kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
                out.appendCodePoint(codePoint(ascii, i, digits, line));
                i += digits;
            } else if (kind == 'N') {
                throw unsupported("the escape \\N in a text");
            } else if (kind != '\n') {
                out.append('\\').append(kind);
            }
        }
        return out.toString();
    }

    /** As Python does first: what is not ASCII becomes an escape, also behind a backslash. */
    private static String ascii(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (c < 128) {
                out.append((char) c);
            } else {
                out.append(String.format(Locale.ROOT, c < 256 ? "\\x%02x" : c < 65536 ? "\\u%04x" : "\\U%08x", c));
            }
        });
        return out.toString();
    }

    private static int codePoint(String text, int from, int digits, int line) {
        String hex = text.substring(from, Math.min(from + digits, text.length()));
        if (!hex.matches("[0-9a-fA-F]{" + digits + "}")) {
            throw syntax("truncated escape in a text", line);
        }
        long c = Long.parseLong(hex, 16);
        if (c > Character.MAX_CODE_POINT) {
            throw syntax("illegal Unicode character in a text", line);
        }
        if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
            throw unsupported("half a character (\\u" + hex + ")");
        }
        return (int) c;
    }
}
