package org.fednano.jinja.filter;

import static org.fednano.jinja.base.JinjaException.runtime;
import static org.fednano.jinja.base.JinjaException.syntax;
import static org.fednano.jinja.base.JinjaException.type;
import static org.fednano.jinja.base.JinjaException.unsupported;

import java.math.BigInteger;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.fednano.jinja.base.Text;
import org.fednano.jinja.library.Json;
import org.fednano.jinja.library.Runtime;
import org.fednano.jinja.library.TextMethods;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Dict;
import org.fednano.jinja.value.Markup;
import org.fednano.jinja.value.PercentFormat;
import org.fednano.jinja.value.Sorting;
import org.fednano.jinja.value.Tuple;
import org.fednano.jinja.value.Types;
import org.fednano.jinja.value.Undefined;

/** The filters of Jinja2: {@code value|name(arguments)}. Those of texts and of numbers are here. */
public final class Filters {

    private static final Set<String> HERE = Set.of(
            "abs",
            "attr",
            "capitalize",
            "center",
            "count",
            "d",
            "default",
            "e",
            "escape",
            "float",
            "forceescape",
            "format",
            "indent",
            "int",
            "length",
            "lower",
            "replace",
            "round",
            "safe",
            "string",
            "title",
            "tojson",
            "trim",
            "truncate",
            "upper",
            "wordcount");

    private static final Set<String> OTHER =
            Set.of("filesizeformat", "pprint", "random", "striptags", "urlencode", "urlize", "wordwrap", "xmlattr");

    /** What Jinja2 knows by name. */
    static final Set<String> ALL = all();

    private final Runtime runtime;
    private final SequenceFilters sequences;
    private final Tests tests;

    public Filters(Runtime runtime) {
        this.runtime = runtime;
        this.tests = new Tests(runtime);
        this.sequences = new SequenceFilters(runtime, this);
    }

    private static Set<String> all() {
        Set<String> all = new TreeSet<>(HERE);
        all.addAll(OTHER);
        all.addAll(SequenceFilters.NAMES);
        return all;
    }

    public Tests tests() {
        return tests;
    }

    /** @param soft whether it may be unknown as long as it is not reached */
    public static void check(String name, int line, boolean soft) {
        if (OTHER.contains(name)) {
            throw unsupported("the filter '" + name + "' (line " + line + ")");
        }
        if (!ALL.contains(name) && !soft) {
            throw syntax("No filter named '" + name + "'.", line);
        }
    }

    public Object apply(String name, Object value, Arguments arguments) {
        runtime.budget.step();
        if (OTHER.contains(name)) {
            throw unsupported("the filter '" + name + "'");
        }
        if (!ALL.contains(name)) {
            throw runtime("No filter named '" + name + "' found.");
        }
        Object result = SequenceFilters.NAMES.contains(name)
                ? sequences.apply(name, value, arguments)
                : here(name, value, arguments);
        if (result instanceof String text) {
            runtime.budget.grow(text.length());
        } else if (result instanceof List<?> list) {
            runtime.budget.grow(list.size());
        }
        return result;
    }

    private Object here(String name, Object value, Arguments a) {
        return switch (name) {
            case "length", "count" -> {
                a.positional(name, 0, 0);
                yield BigInteger.valueOf(Types.length(value));
            }
            case "default", "d" -> {
                Arguments.Bound bound = a.bind(name, 0, "default_value", "boolean");
                boolean absent = value instanceof Undefined || Types.truth(bound.or(1, false)) && !Types.truth(value);
                yield absent ? bound.or(0, "") : value;
            }
            case "attr" -> runtime.attributes.attributeOnly(
                    value, TextMethods.string(a.bind(name, 1, "name").get(0)));
            case "abs", "round", "int", "float" -> new NumberFilters(runtime).apply(name, value, a);
            case "tojson" -> json(value, a);
            case "escape", "e", "forceescape", "safe", "string" -> marked(name, value, a);
            case "format" -> formatted(value, a);
            case "indent" -> indented(value, a);
            case "truncate" -> truncated(value, a);
            default -> text(name, value instanceof Markup ? markup(name) : runtime.str(value), a);
        };
    }

    private static String markup(String name) {
        throw unsupported("the filter '" + name + "' on escaped text");
    }

    private Object text(String name, String text, Arguments a) {
        return switch (name) {
            case "trim" -> {
                Object characters = a.bind(name, 0, "chars").or(0, null);
                yield characters == null
                        ? Text.strip(text, true, true)
                        : Text.strip(text, TextMethods.string(characters), true, true);
            }
            case "replace" -> {
                Arguments.Bound bound = a.bind(name, 2, "old", "new", "count");
                Object count = bound.or(2, null);
                yield TextMethods.replaced(
                        runtime.budget,
                        text,
                        runtime.str(bound.get(0)),
                        runtime.str(bound.get(1)),
                        count == null ? -1 : TextMethods.integer(count));
            }
            case "center" -> {
                Object width = a.bind(name, 0, "width").or(0, BigInteger.valueOf(80));
                yield TextMethods.call(runtime, text, "center", Arguments.of(width));
            }
            default -> {
                a.bind(name, 0);
                yield plain(name, text);
            }
        };
    }

    private static Object plain(String name, String text) {
        return switch (name) {
            case "upper" -> Text.upper(text);
            case "lower" -> Text.lower(text);
            case "capitalize" -> Text.capitalized(text);
            case "title" -> title(text);
            case "wordcount" -> BigInteger.valueOf(words(text));
            default -> throw new IllegalStateException(name);
        };
    }

    /** Words end at blanks, hyphens and opening brackets, and nowhere else. */
    private static String title(String text) {
        StringBuilder out = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            int end = at;
            boolean separator = isSeparator(text.charAt(at));
            while (end < text.length() && isSeparator(text.charAt(end)) == separator) {
                end++;
            }
            String item = text.substring(at, end);
            int first = Character.charCount(item.codePointAt(0));
            out.append(Text.upper(item.substring(0, first))).append(Text.lower(item.substring(first)));
            at = end;
        }
        return out.toString();
    }

    private static boolean isSeparator(char c) {
        return "-({[<".indexOf(c) >= 0 || Text.isSpace(c);
    }

    private static int words(String text) {
        int words = 0;
        boolean within = false;
        for (int c : text.codePoints().toArray()) {
            boolean part = c == '_' || Text.isWordPart(c);
            words += part && !within ? 1 : 0;
            within = part;
        }
        return words;
    }

    private Object marked(String name, Object value, Arguments a) {
        a.bind(name, 0);
        return switch (name) {
            case "safe" -> new Markup(runtime.str(value));
            case "string" -> value instanceof Markup ? value : runtime.str(value);
            case "forceescape" -> Markup.escaped(runtime.str(value));
            default -> value instanceof Markup ? value : Markup.escaped(runtime.str(value));
        };
    }

    private Object formatted(Object value, Arguments a) {
        if (!a.positional().isEmpty() && !a.keywords().isEmpty()) {
            throw runtime("can't handle positional and keyword arguments at the same time");
        }
        if (value instanceof Markup) {
            return markup("format");
        }
        Object values = Tuple.of(a.positional());
        if (!a.keywords().isEmpty()) {
            Dict dict = new Dict();
            a.keywords().forEach(dict::put);
            values = dict;
        }
        return new PercentFormat(runtime.budget, runtime.repr).format(runtime.str(value), values);
    }

    private Object indented(Object value, Arguments a) {
        Arguments.Bound bound = a.bind("indent", 0, "width", "first", "blank");
        Object width = bound.or(0, BigInteger.valueOf(4));
        String text = TextMethods.string(value instanceof Undefined u ? failed(u) : value);
        String by = width instanceof String s ? s : blanks(TextMethods.integer(width));
        List<Object> lines = Text.lines(text + "\n", false);
        runtime.budget.grow((long) by.length() * lines.size() + text.length());
        StringBuilder out = new StringBuilder(Types.truth(bound.or(1, false)) ? by : "");
        boolean blank = Types.truth(bound.or(2, false));
        for (int i = 0; i < lines.size(); i++) {
            String line = (String) lines.get(i);
            out.append(i > 0 ? "\n" : "")
                    .append(i > 0 && (blank || !line.isEmpty()) ? by : "")
                    .append(line);
        }
        return out.toString();
    }

    private static Object failed(Undefined undefined) {
        throw undefined.error();
    }

    private String blanks(int count) {
        runtime.budget.grow(Math.max(0, count));
        return " ".repeat(Math.max(0, count));
    }

    private Object truncated(Object value, Arguments a) {
        Arguments.Bound bound = a.bind("truncate", 0, "length", "killwords", "end", "leeway");
        int length = TextMethods.integer(bound.or(0, BigInteger.valueOf(255)));
        String end = TextMethods.string(bound.or(2, "..."));
        Object given = bound.or(3, null);
        int leeway = given == null ? 5 : TextMethods.integer(given);
        if (length < Text.length(end) || leeway < 0) {
            throw runtime("expected length >= " + Text.length(end) + ", got " + length);
        }
        if (Types.length(value) <= length + leeway) {
            return value;
        }
        String text = TextMethods.string(value);
        String cut = text.substring(0, Text.offset(text, length - Text.length(end)));
        int blank = cut.lastIndexOf(' ');
        return (Types.truth(bound.or(1, false)) || blank < 0 ? cut : cut.substring(0, blank)) + end;
    }

    private Object json(Object value, Arguments a) {
        Arguments.Bound bound = a.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        Object indent = bound.or(1, null);
        String by = indent == null ? null : indent instanceof String text ? text : blanks(TextMethods.integer(indent));
        String item = by == null ? ", " : ",";
        String key = ": ";
        if (bound.or(2, null) != null) {
            List<Object> separators = Types.sequence(bound.get(2));
            if (separators.size() != 2) {
                throw type("separators must be two texts");
            }
            item = TextMethods.string(separators.get(0));
            key = TextMethods.string(separators.get(1));
        }
        Sorting sorting = Types.truth(bound.or(3, false)) ? runtime.sorting : null;
        return new Json(runtime.budget, Types.truth(bound.or(0, false)), by, item, key, sorting).dumps(value);
    }
}
