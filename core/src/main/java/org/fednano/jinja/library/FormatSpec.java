package org.fednano.jinja.library;

import static org.fednano.jinja.base.JinjaException.type;
import static org.fednano.jinja.base.JinjaException.unsupported;
import static org.fednano.jinja.base.JinjaException.value;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.fednano.jinja.base.Numbers;
import org.fednano.jinja.base.Text;
import org.fednano.jinja.value.Markup;
import org.fednano.jinja.value.NumberFormat;
import org.fednano.jinja.value.Types;

/** Python's {@code format(value, spec)}. */
final class FormatSpec {

    private static final Pattern SPEC = Pattern.compile(
            "(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\\d{1,7})?([,_])?(?:\\.(\\d{1,7}))?([a-zA-Z%])?", Pattern.DOTALL);

    private final Runtime runtime;

    FormatSpec(Runtime runtime) {
        this.runtime = runtime;
    }

    String format(Object value, String spec) {
        if (spec.isEmpty()) {
            return runtime.str(value);
        }
        if (value instanceof Markup) {
            throw unsupported("formatting escaped text");
        }
        if (!(value instanceof String) && !Numbers.isNumber(value)) {
            throw type("unsupported format string passed to " + Types.name(value) + ".__format__");
        }
        Matcher m = SPEC.matcher(spec);
        if (!m.matches()) {
            throw value("Invalid format specifier");
        }
        boolean grouped = m.group(8) != null;
        if (m.group(4) != null || "n".equals(m.group(10)) || grouped && m.group(6) != null) {
            throw unsupported("the format '" + spec + "'");
        }
        int width = m.group(7) == null ? 0 : Integer.parseInt(m.group(7));
        int precision = m.group(9) == null ? -1 : Integer.parseInt(m.group(9));
        runtime.budget.grow(width);
        runtime.budget.grow(Math.max(0, precision));
        char kind = m.group(10) == null ? 0 : m.group(10).charAt(0);
        String sign = "";
        String body;
        if (value instanceof String text) {
            body = text(text, m, kind, precision);
        } else {
            boolean real = value instanceof Double || kind != 0 && "eEfFgG%".indexOf(kind) >= 0;
            body = real ? real(Numbers.real(value), m, kind, precision) : integer(value, m, kind, precision);
            boolean negative = NumberFormat.isNegative(value) && kind != 'c';
            sign = negative ? "-" : m.group(3) == null || m.group(3).equals("-") ? "" : m.group(3);
            if (m.group(5) != null && !real && kind != 0 && kind != 'd') {
                sign += "0" + kind; // fills stand behind it, as behind the sign
            }
        }
        String fill = m.group(1) != null ? m.group(1) : m.group(6) != null ? "0" : " ";
        String align = m.group(2) != null ? m.group(2) : value instanceof String ? "<" : m.group(6) != null ? "=" : ">";
        if (grouped && align.equals("=") && fill.equals("0")) {
            throw unsupported("the format '" + spec + "'");
        }
        return padded(sign, body, fill, align, width);
    }

    private static String padded(String sign, String body, String fill, String align, int width) {
        int missing = Math.max(0, width - Text.length(sign) - Text.length(body));
        return switch (align) {
            case "<" -> sign + body + fill.repeat(missing);
            case "^" -> fill.repeat(missing / 2) + sign + body + fill.repeat(missing - missing / 2);
            case "=" -> sign + fill.repeat(missing) + body;
            default -> fill.repeat(missing) + sign + body;
        };
    }

    private static String text(String text, Matcher m, char kind, int precision) {
        if (kind != 0 && kind != 's') {
            throw value("Unknown format code '" + kind + "' for object of type 'str'");
        }
        if (m.group(3) != null || m.group(5) != null || m.group(8) != null || "=".equals(m.group(2))) {
            throw value("sign, '#', ',' and '=' are not allowed in a string format specifier");
        }
        return precision >= 0 && precision < Text.length(text) ? text.substring(0, Text.offset(text, precision)) : text;
    }

    private static String integer(Object value, Matcher m, char kind, int precision) {
        if (precision >= 0) {
            throw value("Precision not allowed in integer format specifier");
        }
        if (kind == 'c') {
            throw unsupported("the format character 'c'");
        }
        if (kind != 0 && "bdoxX".indexOf(kind) < 0) {
            throw value("Unknown format code '" + kind + "' for object of type 'int'");
        }
        String digits = NumberFormat.integer(Numbers.integer(value), kind == 0 ? 'd' : kind);
        boolean decimal = kind == 0 || kind == 'd';
        if (m.group(8) != null) {
            if (!decimal && m.group(8).equals(",")) {
                throw value("Cannot specify ',' with '" + kind + "'.");
            }
            digits = grouped(digits, m.group(8), decimal ? 3 : 4);
        }
        return digits;
    }

    private static String real(double value, Matcher m, char kind, int precision) {
        if (kind != 0 && "eEfFgG%".indexOf(kind) < 0) {
            throw value("Unknown format code '" + kind + "' for object of type 'float'");
        }
        if (m.group(5) != null) {
            throw unsupported("the format flag '#' for a float");
        }
        String digits = kind == '%'
                ? NumberFormat.real(value * 100, 'f', precision) + "%"
                : NumberFormat.real(value, kind, precision);
        if (m.group(8) == null || !Character.isDigit(digits.charAt(0))) {
            return digits;
        }
        int whole = 0;
        while (whole < digits.length() && Character.isDigit(digits.charAt(whole))) {
            whole++;
        }
        return grouped(digits.substring(0, whole), m.group(8), 3) + digits.substring(whole);
    }

    private static String grouped(String digits, String separator, int size) {
        StringBuilder out = new StringBuilder(digits);
        for (int i = digits.length() - size; i > 0; i -= size) {
            out.insert(i, separator);
        }
        return out.toString();
    }
}
