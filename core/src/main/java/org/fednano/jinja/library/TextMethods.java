package org.fednano.jinja.library;

import static org.fednano.jinja.base.JinjaException.type;
import static org.fednano.jinja.base.JinjaException.value;

import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import org.fednano.jinja.base.Budget;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.base.Numbers;
import org.fednano.jinja.base.Text;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Markup;
import org.fednano.jinja.value.Tuple;
import org.fednano.jinja.value.Types;

/** Methods of Python's str. */
public final class TextMethods {

    static final Set<String> NAMES = Set.of(
            "capitalize",
            "casefold",
            "center",
            "count",
            "endswith",
            "expandtabs",
            "find",
            "format",
            "index",
            "isalnum",
            "isalpha",
            "isascii",
            "isdecimal",
            "isdigit",
            "islower",
            "isnumeric",
            "isspace",
            "istitle",
            "isupper",
            "isprintable",
            "join",
            "ljust",
            "lower",
            "lstrip",
            "partition",
            "removeprefix",
            "removesuffix",
            "replace",
            "rfind",
            "rindex",
            "rjust",
            "rpartition",
            "rsplit",
            "rstrip",
            "split",
            "splitlines",
            "startswith",
            "strip",
            "swapcase",
            "title",
            "upper",
            "zfill");

    /** Known to Python, not here. */
    static final Set<String> OTHER = Set.of("encode", "format_map", "isidentifier", "maketrans", "translate");

    private final Runtime runtime;
    private final String text;
    private final String name;

    private TextMethods(Runtime runtime, String text, String name) {
        this.runtime = runtime;
        this.text = text;
        this.name = name;
    }

    public static Object call(Runtime runtime, String text, String name, Arguments arguments) {
        Object result = new TextMethods(runtime, text, name).call(arguments);
        if (result instanceof String made) {
            runtime.budget.grow(made.length());
        }
        runtime.budget.step(1 + text.length() / 64);
        return result;
    }

    private Object call(Arguments a) {
        return switch (name) {
            case "split", "rsplit" -> Splitting.split(runtime.budget, text, a, name);
            case "splitlines" -> {
                Object keep = a.bind(name, 0, "keepends").or(0, false);
                yield Text.lines(text, Types.truth(keep));
            }
            case "expandtabs" -> expanded(integer(a.bind(name, 0, "tabsize").or(0, BigInteger.valueOf(8))));
            case "format" -> new BraceFormat(runtime, a).format(text);
            case "startswith", "endswith" -> affix(a.positional(name, 1, 3));
            case "find", "rfind", "index", "rindex", "count" -> search(a.positional(name, 1, 3));
            case "strip", "lstrip", "rstrip" -> stripped(a.positional(name, 0, 1));
            case "replace" -> replaced(a.positional(name, 2, 3));
            case "partition", "rpartition" -> Splitting.partition(
                    runtime.budget, text, string(a.positional(name, 1, 1).get(0)), name);
            case "removeprefix" -> {
                String prefix = string(a.positional(name, 1, 1).get(0));
                yield text.startsWith(prefix) ? text.substring(prefix.length()) : text;
            }
            case "removesuffix" -> {
                String suffix = string(a.positional(name, 1, 1).get(0));
                yield text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
            }
            case "join" -> joined(a.positional(name, 1, 1).get(0));
            case "center", "ljust", "rjust" -> padded(a.positional(name, 1, 2));
            case "zfill" -> zeros(integer(a.positional(name, 1, 1).get(0)));
            default -> {
                a.positional(name, 0, 0);
                yield plain();
            }
        };
    }

    /** Those without arguments. */
    private Object plain() {
        return switch (name) {
            case "upper" -> Text.upper(text);
            case "lower" -> Text.lower(text);
            case "title" -> Text.title(text);
            case "capitalize" -> Text.capitalized(text);
            case "swapcase" -> Text.swappedCase(text);
            case "casefold" -> folded();
            case "islower" -> Text.isLower(text);
            case "isupper" -> Text.isUpper(text);
            case "istitle" -> Text.isTitle(text);
            case "isascii" -> text.chars().allMatch(c -> c < 128);
            case "isprintable" -> text.codePoints().allMatch(Text::isPrintable);
            case "isspace" -> Text.isBlank(text);
            case "isalpha" -> all(Text::isLetter);
            case "isalnum" -> all(Text::isWordPart);
            case "isdecimal" -> all(c -> Text.kind(c) == Character.DECIMAL_DIGIT_NUMBER);
            case "isdigit", "isnumeric" -> all(this::isDigit);
            default -> throw new IllegalStateException(name);
        };
    }

    private boolean all(IntPredicate predicate) {
        return !text.isEmpty() && text.codePoints().allMatch(predicate);
    }

    private boolean isDigit(int c) {
        int kind = Text.kind(c);
        boolean unsure = kind == Character.OTHER_NUMBER
                || kind == Character.LETTER_NUMBER
                || kind == Character.OTHER_LETTER && name.equals("isnumeric");
        if (unsure) {
            throw JinjaException.unsupported(name + "() of '" + Character.toString(c) + "'");
        }
        return kind == Character.DECIMAL_DIGIT_NUMBER;
    }

    private String folded() {
        if (text.chars().anyMatch(c -> c > 127)) {
            throw JinjaException.unsupported("casefold() of text that is not ASCII");
        }
        return Text.lower(text);
    }

    public static String string(Object value) {
        if (!(value instanceof String text)) {
            throw value instanceof Markup
                    ? JinjaException.unsupported("escaped text as an argument")
                    : type("must be str, not " + Types.name(value));
        }
        return text;
    }

    public static int integer(Object value) {
        if (!Numbers.isInt(value)) {
            throw type("'" + Types.name(value) + "' object cannot be interpreted as an integer");
        }
        return Bounds.clamped(value);
    }

    private Object stripped(List<Object> given) {
        boolean left = !name.equals("rstrip");
        boolean right = !name.equals("lstrip");
        return given.isEmpty() || given.get(0) == null
                ? Text.strip(text, left, right)
                : Text.strip(text, string(given.get(0)), left, right);
    }

    private boolean affix(List<Object> given) {
        Bounds bounds = bounds(given);
        List<Object> affixes = given.get(0) instanceof Tuple tuple ? tuple.items() : List.of(string(given.get(0)));
        boolean beyond = given.size() > 1 && given.get(1) != null && Bounds.clamped(given.get(1)) > Text.length(text);
        String part = part(bounds);
        for (Object affix : affixes) {
            String wanted = string(affix);
            boolean fits = name.equals("startswith") ? part.startsWith(wanted) : part.endsWith(wanted);
            if (fits && bounds.start() <= bounds.stop() && !beyond) {
                return true;
            }
        }
        return false;
    }

    private Bounds bounds(List<Object> given) {
        return Bounds.of(
                given.size() > 1 ? given.get(1) : null, given.size() > 2 ? given.get(2) : null, Text.length(text));
    }

    private String part(Bounds bounds) {
        return bounds.start() >= bounds.stop()
                ? ""
                : text.substring(Text.offset(text, bounds.start()), Text.offset(text, bounds.stop()));
    }

    private Object search(List<Object> given) {
        String wanted = string(given.get(0));
        Bounds bounds = bounds(given);
        boolean beyond = given.size() > 1 && given.get(1) != null && Bounds.clamped(given.get(1)) > Text.length(text);
        boolean none = bounds.start() > bounds.stop() || beyond;
        String part = part(bounds);
        runtime.budget.search(part, wanted);
        if (name.equals("count")) {
            return BigInteger.valueOf(none ? 0 : count(part, wanted));
        }
        int found = none ? -1 : name.startsWith("r") ? part.lastIndexOf(wanted) : part.indexOf(wanted);
        if (found < 0 && name.endsWith("index")) {
            throw value("substring not found");
        }
        return BigInteger.valueOf(found < 0 ? -1 : bounds.start() + part.codePointCount(0, found));
    }

    static int count(String text, String part) {
        if (part.isEmpty()) {
            return Text.length(text) + 1;
        }
        int count = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    private String replaced(List<Object> given) {
        int most = given.size() > 2 ? integer(given.get(2)) : -1;
        return replaced(runtime.budget, text, string(given.get(0)), string(given.get(1)), most);
    }

    /** @param most how many are replaced; all if it is negative */
    public static String replaced(Budget budget, String text, String old, String by, int most) {
        budget.search(text, old);
        long count = count(text, old);
        count = most < 0 ? count : Math.min(count, most);
        budget.grow(Math.max(0, text.length() + count * (by.length() - old.length())));
        StringBuilder out = new StringBuilder();
        int at = 0;
        for (; count > 0; count--) {
            int found = old.isEmpty() ? at : text.indexOf(old, at);
            out.append(text, at, found).append(by);
            at = found + old.length();
            if (old.isEmpty() && at < text.length()) {
                out.appendCodePoint(text.codePointAt(at));
                at = text.offsetByCodePoints(at, 1);
            }
        }
        return out.append(text, at, text.length()).toString();
    }

    private String joined(Object items) {
        StringBuilder out = new StringBuilder();
        if (!Types.isIterable(items)) {
            throw type("can only join an iterable");
        }
        boolean first = true;
        for (Iterator<Object> i = Types.iterator(items); i.hasNext(); first = false) {
            Object item = i.next();
            if (!(item instanceof String part)) {
                throw type("sequence item: expected str instance, " + Types.name(item) + " found");
            }
            out.append(first ? "" : text).append(part);
            runtime.budget.step();
            if (out.length() > Budget.LARGEST) {
                runtime.budget.grow(out.length());
            }
        }
        return out.toString();
    }

    private String padded(List<Object> given) {
        int width = integer(given.get(0));
        String fill = given.size() > 1 ? string(given.get(1)) : " ";
        if (Text.length(fill) != 1) {
            throw type("The fill character must be exactly one character long");
        }
        int missing = Math.max(0, width - Text.length(text));
        runtime.budget.grow(missing);
        int left = name.equals("ljust") ? 0 : name.equals("rjust") ? missing : centred(missing, width);
        return fill.repeat(left) + text + fill.repeat(missing - left);
    }

    /** Blanks on the left of a centred text. */
    static int centred(int missing, int width) {
        return missing / 2 + (missing & width & 1);
    }

    private String zeros(int width) {
        int missing = Math.max(0, width - Text.length(text));
        runtime.budget.grow(missing);
        boolean signed = text.startsWith("-") || text.startsWith("+");
        return signed ? text.charAt(0) + "0".repeat(missing) + text.substring(1) : "0".repeat(missing) + text;
    }

    private String expanded(int size) {
        StringBuilder out = new StringBuilder();
        int column = 0;
        for (int c : text.codePoints().toArray()) {
            if (c == '\t') {
                int blanks = size > 0 ? size - column % size : 0;
                runtime.budget.grow(blanks);
                out.append(" ".repeat(blanks));
                column += blanks;
            } else {
                out.appendCodePoint(c);
                column = c == '\n' || c == '\r' ? 0 : column + 1;
            }
        }
        return out.toString();
    }
}
