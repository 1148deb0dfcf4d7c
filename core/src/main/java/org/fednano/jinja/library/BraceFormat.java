package org.fednano.jinja.library;

import static org.fednano.jinja.base.JinjaException.runtime;
import static org.fednano.jinja.base.JinjaException.value;

import java.math.BigInteger;
import org.fednano.jinja.base.Budget;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Repr;

/** {@code str.format} as the sandbox of Jinja2 runs it. */
final class BraceFormat {

    private final Runtime runtime;
    private final Arguments arguments;
    private int automatic;
    private boolean numbered;

    BraceFormat(Runtime runtime, Arguments arguments) {
        this.runtime = runtime;
        this.arguments = arguments;
    }

    String format(String format) {
        return format(format, 2);
    }

    private String format(String format, int depth) {
        if (depth < 0) {
            throw value("Max string recursion exceeded");
        }
        StringBuilder out = new StringBuilder();
        int i = 0;
        while (i < format.length()) {
            char c = format.charAt(i);
            if (c != '{' && c != '}') {
                out.append(c);
                i++;
            } else if (format.startsWith(String.valueOf(c), i + 1)) {
                out.append(c);
                i += 2;
            } else if (c == '}') {
                throw value("Single '}' encountered in format string");
            } else {
                int end = closing(format, i);
                out.append(field(format.substring(i + 1, end), depth));
                i = end + 1;
            }
            if (out.length() > Budget.LARGEST) {
                runtime.budget.grow(out.length());
            }
        }
        return runtime.budget.grown(out.toString());
    }

    private static int closing(String format, int open) {
        int depth = 0;
        for (int i = open; i < format.length(); i++) {
            depth += format.charAt(i) == '{' ? 1 : format.charAt(i) == '}' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        throw value("expected '}' before end of string");
    }

    private String field(String field, int depth) {
        int end = 0;
        boolean bracket = false;
        while (end < field.length() && (bracket || field.charAt(end) != '!' && field.charAt(end) != ':')) {
            bracket = field.charAt(end) == '[' || bracket && field.charAt(end) != ']';
            end++;
        }
        String name = field.substring(0, end);
        if (name.indexOf('{') >= 0 || name.indexOf('}') >= 0) {
            throw value("unexpected '{' in field name");
        }
        String rest = field.substring(end);
        char conversion = 0;
        if (rest.startsWith("!")) {
            if (rest.length() < 2 || rest.length() > 2 && rest.charAt(2) != ':') {
                throw value("expected ':' after conversion specifier");
            }
            conversion = rest.charAt(1);
            rest = rest.substring(2);
        }
        Object value = converted(look(name), conversion);
        String spec = rest.isEmpty() ? "" : format(rest.substring(1), depth - 1);
        return new FormatSpec(runtime).format(value, spec);
    }

    private Object converted(Object value, char conversion) {
        return switch (conversion) {
            case 0 -> value;
            case 's' -> runtime.str(value);
            case 'r' -> runtime.repr.repr(value);
            case 'a' -> Repr.ascii(runtime.repr.repr(value));
            default -> throw value("Unknown conversion specifier " + conversion);
        };
    }

    private Object look(String field) {
        String name = field;
        if (name.isEmpty()) {
            if (numbered) {
                throw value("cannot switch from manual field specification to automatic field numbering");
            }
            name = String.valueOf(automatic++);
        } else if (isDigits(name)) {
            if (automatic > 0) {
                throw value("cannot switch from manual field specification to automatic field numbering");
            }
            numbered = true;
        }
        int end = 0;
        while (end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '[') {
            end++;
        }
        Object value = argument(name.substring(0, end));
        while (end < name.length()) {
            boolean attribute = name.charAt(end) == '.';
            int stop = attribute ? end + 1 : name.indexOf(']', end);
            while (attribute && stop < name.length() && name.charAt(stop) != '.' && name.charAt(stop) != '[') {
                stop++;
            }
            if (stop <= end + 1) {
                throw value("Empty attribute or missing ']' in format string");
            }
            String key = name.substring(end + 1, stop);
            value = attribute
                    ? runtime.attributes.attribute(value, key)
                    : runtime.attributes.item(value, isDigits(key) ? new BigInteger(key) : key);
            end = attribute ? stop : stop + 1;
            if (!attribute && end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '[') {
                throw value("Only '.' or '[' may follow ']' in format field specifier");
            }
        }
        return value;
    }

    private static boolean isDigits(String text) {
        return text.matches("[0-9]{1,9}");
    }

    private Object argument(String name) {
        if (isDigits(name)) {
            int index = Integer.parseInt(name);
            if (index >= arguments.positional().size()) {
                throw runtime("Replacement index " + index + " out of range for positional args tuple");
            }
            return arguments.positional().get(index);
        }
        if (!arguments.keywords().containsKey(name)) {
            throw runtime("KeyError: '" + name + "'");
        }
        return arguments.keywords().get(name);
    }
}
