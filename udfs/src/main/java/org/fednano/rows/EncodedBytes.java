package org.fednano.rows;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.regex.Pattern;
import org.fednano.rows.BadValue.Kind;

/** Bytes that came as text: base64, and data URIs (RFC 2397). */
final class EncodedBytes {

    private static final String SCHEME = "data:";

    /** What MIME, mail and dumps break lines with. */
    private static final Pattern BLANKS = Pattern.compile("[ \\t\\r\\n\\f]+");

    private static final Pattern BASE64_MARK = Pattern.compile(".*; *base64 *", Pattern.CASE_INSENSITIVE);

    private EncodedBytes() {}

    static boolean isDataUri(String text) {
        return text.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
    }

    /** The bytes of a data URI: behind {@code ;base64} as that, otherwise as escaped text. */
    static byte[] dataUri(String text, String column) throws BadValue {
        int comma = text.indexOf(',');
        if (comma < 0) {
            throw new BadValue(
                    Kind.TYPE, "a data URI in '" + column + "' must have a comma before its data: found none");
        }
        byte[] data = unescaped(text.substring(comma + 1), column);
        boolean encoded = BASE64_MARK.matcher(text.substring(0, comma)).matches();
        return encoded ? base64(new String(data, StandardCharsets.ISO_8859_1), column) : data;
    }

    /** Bytes as RFC 4648 and RFC 2045 write them: either alphabet, broken into lines or not, with padding or without. */
    static byte[] base64(String text, String column) throws BadValue {
        String digits = BLANKS.matcher(text).replaceAll("").replace('-', '+').replace('_', '/');
        int end = digits.length();
        while (end > 0 && digits.charAt(end - 1) == '=') {
            end--;
        }
        int padding = digits.length() - end;
        if (end % 4 == 1 || padding > 0 && (padding > 2 || digits.length() % 4 != 0)) {
            throw new BadValue(
                    Kind.TYPE,
                    String.format(
                            Locale.ROOT,
                            "the bytes in '%s' must be whole base64: found %d digits and %d of padding; they may be cut off",
                            column,
                            end,
                            padding));
        }
        try {
            return Base64.getDecoder().decode(digits.substring(0, end));
        } catch (IllegalArgumentException e) {
            throw new BadValue(Kind.TYPE, "the bytes in '" + column + "' are no base64: " + e.getMessage());
        }
    }

    /** A text's UTF-8 bytes with its {@code %41} replaced by the bytes that they stand for. */
    private static byte[] unescaped(String text, String column) throws BadValue {
        byte[] escaped = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(escaped.length);
        for (int i = 0; i < escaped.length; i++) {
            if (escaped[i] != '%') {
                bytes.write(escaped[i]);
                continue;
            }
            int high = digit(escaped, i + 1);
            int low = digit(escaped, i + 2);
            if (high < 0 || low < 0) {
                throw new BadValue(
                        Kind.TYPE,
                        "a data URI in '" + column
                                + "' must have two hexadecimal digits behind each '%': found others");
            }
            bytes.write(high << 4 | low);
            i += 2;
        }
        return bytes.toByteArray();
    }

    private static int digit(byte[] text, int at) {
        return at < text.length ? Character.digit(text[at], 16) : -1;
    }
}
