package org.fednano.jinja.syntax;

import static org.fednano.jinja.base.JinjaException.syntax;
import static org.fednano.jinja.base.JinjaException.unsupported;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.base.Text;
import org.fednano.jinja.syntax.Token.Kind;

/** Text to tokens, with Jinja2's white-space control: {@code trim_blocks}, {@code lstrip_blocks}, {@code -} and {@code +}. */
final class Lexer {

    /** White space as Python's regular expressions know it. */
    static final String SPACE =
            "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";

    private static final Pattern RAW = pattern("\\{%([-+]?)S*raw S*(?:-%}S*|%})");
    private static final Pattern RAW_END = pattern("\\{%([-+]?)S*endraw S*(?:\\+%}|-%}S*|%}\\n?)");
    private static final Pattern COMMENT_END = pattern("\\+#}|-#}S*|#}\\n?");
    private static final Pattern BLOCK_END = pattern("\\+%}|-%}S*|%}\\n?");
    private static final Pattern VARIABLE_END = pattern("-}}S*|}}");
    private static final Pattern BLANKS = pattern("S+");
    private static final Pattern FLOAT =
            pattern("(?<!\\.)N(?:(?:\\.N)?[eE][+-]?N|\\.N)".replace("N", "(?:\\d++_)*+\\d++"));
    private static final Pattern INTEGER =
            pattern("0[bB](?:_?[01])++|0[oO](?:_?[0-7])++|0[xX](?:_?[0-9a-fA-F])++" + "|[1-9](?:_?\\d)*+|0(?:_?0)*+");
    private static final Pattern NAME = pattern("[A-Za-z0-9_]++");
    private static final Pattern STRING =
            pattern("'[^'\\\\]*+(?:\\\\.[^'\\\\]*+)*+'|\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"");
    private static final Pattern OPERATOR = pattern("//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}><=.:|,;]");

    private static final int MOST_DIGITS = 4000;

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    private int counted;

    private Lexer(String source) {
        this.source = source;
    }

    private static Pattern pattern(String regex) {
        return Pattern.compile(regex.replace(" ", "").replace("S", SPACE), Pattern.DOTALL);
    }

    /**
     * The tokens, the last of kind {@link Kind#END}.
     *
     * @throws JinjaException if the text is not a template
     */
    static List<Token> tokens(String text) {
        String source = text.replace("\r\n", "\n").replace('\r', '\n');
        Lexer lexer = new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
        lexer.root();
        lexer.add(Kind.END, "", null);
        return lexer.tokens;
    }

    private int line() {
        for (; counted < at; counted++) {
            line += source.charAt(counted) == '\n' ? 1 : 0;
        }
        return line;
    }

    private void add(Kind kind, String text, Object value) {
        tokens.add(new Token(kind, text, value, line()));
    }

    private Matcher lookingAt(Pattern pattern) {
        Matcher matcher = pattern.matcher(source).region(at, source.length());
        matcher.useTransparentBounds(true);
        return matcher.lookingAt() ? matcher : null;
    }

    private void root() {
        while (at < source.length()) {
            int open = nextOpen(at);
            if (open < 0) {
                data(source.substring(at));
                at = source.length();
                return;
            }
            int begin = at;
            at = open;
            char kind = source.charAt(open + 1);
            Matcher raw = kind == '%' ? lookingAt(RAW) : null;
            String sign = raw != null ? raw.group(1) : sign(open + 2);
            data(stripped(begin, open, sign, kind == '{'));
            at = raw != null ? raw.end() : open + 2 + sign.length();
            if (raw != null) {
                raw();
            } else if (kind == '#') {
                comment();
            } else {
                inside(kind == '{');
            }
        }
    }

    private int nextOpen(int from) {
        for (int i = source.indexOf('{', from); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private String sign(int position) {
        return position < source.length() && "-+".indexOf(source.charAt(position)) >= 0
                ? source.substring(position, position + 1)
                : "";
    }

    /** The text in front of a tag, without what the tag takes from it. */
    private String stripped(int begin, int end, String sign, boolean variable) {
        String text = source.substring(begin, end);
        if (sign.equals("-")) {
            return Text.strip(text, false, true);
        }
        int lastLine = text.lastIndexOf('\n') + 1;
        boolean startsLine = lastLine > 0 || begin == 0 || source.charAt(begin - 1) == '\n';
        boolean strips = sign.isEmpty() && !variable && startsLine && lastLine < text.length();
        return strips && Text.isBlank(text.substring(lastLine)) ? text.substring(0, lastLine) : text;
    }

    private void data(String text) {
        if (!text.isEmpty()) {
            add(Kind.DATA, text, null);
        }
    }

    private void comment() {
        Matcher end = COMMENT_END.matcher(source);
        if (end.find(at)) {
            at = end.end();
        } else if (at < source.length()) {
            throw syntax("Missing end of comment tag", line());
        }
    }

    private void raw() {
        Matcher end = RAW_END.matcher(source);
        if (end.find(at)) {
            int begin = at;
            at = end.start();
            data(stripped(begin, end.start(), end.group(1), false));
            at = end.end();
        } else if (at < source.length()) {
            throw syntax("Missing end of raw directive", line());
        }
    }

    /** What stands in a statement or in a print statement, up to its end. */
    private void inside(boolean variable) {
        add(variable ? Kind.VARIABLE_BEGIN : Kind.BLOCK_BEGIN, "", null);
        Deque<String> open = new ArrayDeque<>();
        while (at < source.length()) {
            Matcher end = open.isEmpty() ? lookingAt(variable ? VARIABLE_END : BLOCK_END) : null;
            if (end != null) {
                add(variable ? Kind.VARIABLE_END : Kind.BLOCK_END, "", null);
                at = end.end();
                return;
            }
            Matcher blanks = lookingAt(BLANKS);
            at = blanks != null ? blanks.end() : word(open);
        }
    }

    private int word(Deque<String> open) {
        Matcher word;
        if ((word = lookingAt(FLOAT)) != null) {
            double value = Double.parseDouble(word.group().replace("_", ""));
            if (Double.isInfinite(value)) {
                throw unsupported("the number " + word.group());
            }
            add(Kind.NUMBER, word.group(), value);
        } else if ((word = lookingAt(INTEGER)) != null) {
            add(Kind.NUMBER, word.group(), integer(word.group()));
        } else if ((word = lookingAt(NAME)) != null) {
            if (Character.isDigit(word.group().charAt(0))) {
                throw syntax("Invalid character in identifier", line());
            }
            add(Kind.NAME, word.group(), null);
        } else if ((word = lookingAt(STRING)) != null) {
            add(Kind.STRING, Literals.unescaped(source.substring(at + 1, word.end() - 1), line()), null);
        } else if ((word = lookingAt(OPERATOR)) != null) {
            balance(word.group(), open);
            add(Kind.OPERATOR, word.group(), null);
        } else {
            int c = source.codePointAt(at);
            if (Character.isUnicodeIdentifierPart(c) && c > 127) {
                throw unsupported("the character '" + Character.toString(c) + "' in a name");
            }
            throw syntax("unexpected char '" + Character.toString(c) + "' at " + at, line());
        }
        return word.end();
    }

    private void balance(String operator, Deque<String> open) {
        switch (operator) {
            case "{" -> open.push("}");
            case "(" -> open.push(")");
            case "[" -> open.push("]");
            case "}", ")", "]" -> {
                if (open.isEmpty()) {
                    throw syntax("unexpected '" + operator + "'", line());
                }
                String expected = open.pop();
                if (!expected.equals(operator)) {
                    throw syntax("unexpected '" + operator + "', expected '" + expected + "'", line());
                }
            }
            default -> {}
        }
    }

    private BigInteger integer(String word) {
        String digits = word.replace("_", "").toLowerCase(Locale.ROOT);
        if (digits.length() > MOST_DIGITS) {
            throw JinjaException.limit("a number of " + digits.length() + " digits");
        }
        return switch (digits.length() > 1 ? digits.charAt(1) : '0') {
            case 'b' -> new BigInteger(digits.substring(2), 2);
            case 'o' -> new BigInteger(digits.substring(2), 8);
            case 'x' -> new BigInteger(digits.substring(2), 16);
            default -> new BigInteger(digits);
        };
    }
}
