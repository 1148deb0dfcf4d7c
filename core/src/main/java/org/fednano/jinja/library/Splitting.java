package org.fednano.jinja.library;

import static org.fednano.jinja.base.JinjaException.value;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.fednano.jinja.base.Budget;
import org.fednano.jinja.base.Text;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Tuple;

/** {@code split}, {@code rsplit}, {@code partition} and {@code rpartition} of Python's str. */
final class Splitting {

    private Splitting() {}

    static List<Object> split(Budget budget, String text, Arguments arguments, String name) {
        Arguments.Bound bound = arguments.bind(name, 0, "sep", "maxsplit");
        int most = TextMethods.integer(bound.or(1, BigInteger.ONE.negate()));
        most = most < 0 ? Integer.MAX_VALUE : most;
        Object separator = bound.or(0, null);
        boolean fromRight = name.equals("rsplit");
        List<Object> parts;
        if (separator == null) {
            parts = fromRight ? wordsFromRight(text, most) : words(text, most);
        } else {
            String by = TextMethods.string(separator);
            if (by.isEmpty()) {
                throw value("empty separator");
            }
            budget.search(text, by);
            parts = fromRight ? fromRight(text, by, most) : fromLeft(text, by, most);
        }
        if (fromRight) {
            Collections.reverse(parts);
        }
        return Collections.unmodifiableList(parts);
    }

    private static List<Object> fromLeft(String text, String by, int most) {
        List<Object> parts = new ArrayList<>();
        int at = 0;
        for (int found; parts.size() < most && (found = text.indexOf(by, at)) >= 0; at = found + by.length()) {
            parts.add(text.substring(at, found));
        }
        parts.add(text.substring(at));
        return parts;
    }

    private static List<Object> fromRight(String text, String by, int most) {
        List<Object> parts = new ArrayList<>();
        int end = text.length();
        for (int found; parts.size() < most && (found = text.lastIndexOf(by, end - by.length())) >= 0; end = found) {
            parts.add(text.substring(found + by.length(), end));
        }
        parts.add(text.substring(0, end));
        return parts;
    }

    private static List<Object> words(String text, int most) {
        List<Object> words = new ArrayList<>();
        int at = skip(text, 0, true);
        while (at < text.length()) {
            int end = words.size() < most ? skip(text, at, false) : text.length();
            words.add(text.substring(at, end));
            at = skip(text, end, true);
        }
        return words;
    }

    private static int skip(String text, int from, boolean spaces) {
        int at = from;
        while (at < text.length() && Text.isSpace(text.charAt(at)) == spaces) {
            at++;
        }
        return at;
    }

    private static List<Object> wordsFromRight(String text, int most) {
        List<Object> words = new ArrayList<>();
        int end = skipBack(text, text.length(), true);
        while (end > 0) {
            int start = words.size() < most ? skipBack(text, end, false) : 0;
            words.add(text.substring(start, end));
            end = skipBack(text, start, true);
        }
        return words;
    }

    private static int skipBack(String text, int from, boolean spaces) {
        int at = from;
        while (at > 0 && Text.isSpace(text.charAt(at - 1)) == spaces) {
            at--;
        }
        return at;
    }

    static Tuple partition(Budget budget, String text, String by, String name) {
        if (by.isEmpty()) {
            throw value("empty separator");
        }
        budget.search(text, by);
        boolean first = name.equals("partition");
        int found = first ? text.indexOf(by) : text.lastIndexOf(by);
        if (found < 0) {
            return first ? Tuple.of(text, "", "") : Tuple.of("", "", text);
        }
        return Tuple.of(text.substring(0, found), by, text.substring(found + by.length()));
    }
}
