package org.fednano.prompt;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What has to be written differently for Jinjava so that it means what Jinja2 makes of it:
 *
 * <ul>
 *   <li>{@code not a in b}, {@code not a is b}, {@code not a == b}: Jinja2's {@code not} takes the whole comparison,
 *       Jinjava's the next word. It gets parentheses.
 *   <li>Backslashes before a character that needs none ({@code '<\s>'}) stay, as in Python; before a line's end, both go.
 *   <li>One line's end at the template's end goes.
 * </ul>
 */
final class JinjaDialect {

    private static final String STRING = "'(?:\\\\.|[^'\\\\])*+'|\"(?:\\\\.|[^\"\\\\])*+\"";

    /** Comments, statements and expressions; a string in one may hold what looks like its end. */
    private static final Pattern TAG = Pattern.compile(
            "\\{#.*?#\\}|\\{%(?:" + STRING + "|.)*?%\\}|\\{\\{(?:" + STRING + "|.)*?\\}\\}", Pattern.DOTALL);

    private static final Pattern WORD =
            Pattern.compile(STRING + "|[A-Za-z_][A-Za-z_0-9]*|[-+]?[%}]\\}|.", Pattern.DOTALL);

    /** What ends the operand of {@code not}, besides the tag's end. */
    private static final Set<String> ENDS = Set.of("and", "or", "if", "else", ")", "]", "}", ",");

    private static final String ESCAPES = "\\'\"abfnrtv01234567xuUN";

    private JinjaDialect() {}

    static String forJinjava(String template) {
        String text = template.endsWith("\n") ? template.substring(0, template.length() - 1) : template;
        return TAG.matcher(text)
                .replaceAll(m -> Matcher.quoteReplacement(m.group().startsWith("{#") ? m.group() : tag(m.group())));
    }

    private static String tag(String tag) {
        StringBuilder out = new StringBuilder();
        Deque<Integer> operands = new ArrayDeque<>(); // depth at which each open operand of `not` began
        int depth = 0;
        String before = "";
        Matcher words = WORD.matcher(tag);
        while (words.find()) {
            String word = words.group();
            if (ENDS.contains(word) || words.end() == tag.length()) {
                while (!operands.isEmpty() && operands.peek() == depth) {
                    operands.pop();
                    out.insert(endOfText(out), ')');
                }
            }
            depth += "([{".contains(word) ? 1 : ")]}".contains(word) ? -1 : 0;
            out.append(isString(word) ? literal(word) : word);
            if (word.equals("not") && !before.equals("is") && !startsWithIn(tag, words.end())) {
                out.append(" (");
                operands.push(depth);
            }
            before = word.isBlank() ? before : word;
        }
        return out.toString();
    }

    private static boolean isString(String word) {
        return word.length() > 1 && (word.charAt(0) == '\'' || word.charAt(0) == '"');
    }

    private static boolean startsWithIn(String tag, int from) {
        return tag.substring(from).stripLeading().matches("(?s)in\\b.*");
    }

    private static int endOfText(StringBuilder out) {
        int end = out.length();
        while (Character.isWhitespace(out.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    private static String literal(String quoted) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < quoted.length(); i++) {
            char c = quoted.charAt(i);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            char next = quoted.charAt(++i);
            if (next == '\n') {
                continue;
            }
            out.append(ESCAPES.indexOf(next) >= 0 ? "\\" : "\\\\").append(next);
        }
        return out.toString();
    }
}
