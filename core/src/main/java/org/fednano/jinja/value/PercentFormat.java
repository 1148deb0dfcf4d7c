package org.fednano.jinja.value;

import static org.fednano.jinja.base.JinjaException.runtime;
import static org.fednano.jinja.base.JinjaException.type;
import static org.fednano.jinja.base.JinjaException.unsupported;
import static org.fednano.jinja.base.JinjaException.value;

import java.math.BigInteger;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.fednano.jinja.base.Budget;
import org.fednano.jinja.base.Numbers;
import org.fednano.jinja.base.Text;

/** Python's {@code text % values}. */
public final class PercentFormat {

    private static final Pattern DIRECTIVE =
            Pattern.compile("%(\\()?([-#0 +]*)(\\*|\\d{1,7})?(?:\\.(\\*|\\d{0,7}))?[hlL]?(.)", Pattern.DOTALL);

    private final Budget budget;
    private final Repr repr;
    private List<Object> values;
    private int next;

    public PercentFormat(Budget budget, Repr repr) {
        this.budget = budget;
        this.repr = repr;
    }

    public String format(String format, Object arguments) {
        values = arguments instanceof Tuple tuple ? tuple.items() : Collections.singletonList(arguments);
        StringBuilder out = new StringBuilder();
        int at = 0;
        for (int percent; (percent = format.indexOf('%', at)) >= 0; ) {
            out.append(format, at, percent);
            at = directive(format, percent, arguments, out);
            if (out.length() > Budget.LARGEST) {
                budget.grow(out.length());
            }
        }
        boolean mapping = arguments instanceof Dict
                || arguments instanceof List
                || arguments instanceof Range
                || arguments instanceof Undefined;
        if (next < values.size() && !mapping) {
            throw type("not all arguments converted during string formatting");
        }
        return budget.grown(out.append(format, at, format.length()).toString());
    }

    private int directive(String format, int percent, Object arguments, StringBuilder out) {
        String directive = format.substring(percent);
        int skipped = 0;
        if (directive.startsWith("%(")) {
            int end = closing(directive);
            lookUp(directive.substring(2, end), arguments);
            skipped = end;
            directive = "%" + directive.substring(end + 1);
        }
        Matcher m = DIRECTIVE.matcher(directive);
        if (!m.lookingAt() || m.group(1) != null) {
            throw value("incomplete or unknown format");
        }
        if (m.group(5).equals("%")) {
            if (m.end() != 2) {
                throw unsupported("the format '" + m.group() + "'");
            }
            out.append('%');
        } else {
            convert(m, out);
        }
        return percent + skipped + m.end();
    }

    private static int closing(String directive) {
        int depth = 0;
        for (int i = 1; i < directive.length(); i++) {
            depth += directive.charAt(i) == '(' ? 1 : directive.charAt(i) == ')' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        throw value("incomplete format key");
    }

    private void lookUp(String key, Object arguments) {
        if (!(arguments instanceof Dict dict)) {
            throw type("format requires a mapping");
        }
        if (!dict.has(key)) {
            throw runtime("KeyError: '" + key + "'");
        }
        values = Collections.singletonList(dict.get(key));
        next = 0;
    }

    private Object take() {
        if (next >= values.size()) {
            throw type("not enough arguments for format string");
        }
        return values.get(next++);
    }

    private int number(String given) {
        if (!given.equals("*")) {
            return given.isEmpty() ? 0 : Integer.parseInt(given);
        }
        if (!(take() instanceof BigInteger i)) {
            throw type("* wants int");
        }
        return i.max(BigInteger.valueOf(-Budget.LARGEST - 1))
                .min(BigInteger.valueOf(Budget.LARGEST + 1))
                .intValue();
    }

    private void convert(Matcher m, StringBuilder out) {
        String flags = m.group(2);
        int width = m.group(3) == null ? 0 : number(m.group(3));
        int precision = m.group(4) == null ? -1 : Math.max(0, number(m.group(4)));
        boolean left = flags.contains("-") || width < 0;
        budget.grow(Math.abs(width));
        budget.grow(Math.max(0, precision));
        char kind = m.group(5).charAt(0);
        Object value = take();
        String sign = "";
        String body;
        boolean numeric = "diuoxXeEfFgG".indexOf(kind) >= 0;
        if (numeric) {
            Object number = number(kind, value);
            sign = NumberFormat.isNegative(number) ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
            body = digits(kind, number, precision, flags.contains("#"));
        } else {
            body = text(kind, value);
            boolean cut = kind != 'c' && precision >= 0 && precision < Text.length(body);
            body = cut ? body.substring(0, Text.offset(body, precision)) : body;
        }
        int missing = Math.max(0, Math.abs(width) - Text.length(sign) - Text.length(body));
        boolean zeros = numeric && flags.contains("0") && !left;
        if (zeros && body.matches("0[xXo].*")) {
            sign += body.substring(0, 2);
            body = body.substring(2);
        }
        out.append(left || zeros ? "" : " ".repeat(missing)).append(sign).append(zeros ? "0".repeat(missing) : "");
        out.append(body).append(left ? " ".repeat(missing) : "");
    }

    private static Object number(char kind, Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!Numbers.isNumber(value) || "oxX".indexOf(kind) >= 0 && value instanceof Double) {
            throw type("%" + kind + " format: a number is required, not " + Types.name(value));
        }
        if ("diu".indexOf(kind) >= 0 && value instanceof Double d) {
            return Numbers.truncated(d);
        }
        return "eEfFgG".indexOf(kind) >= 0 ? (Object) Numbers.real(value) : value;
    }

    private static String digits(char kind, Object number, int precision, boolean alternate) {
        if (number instanceof Double d) {
            if (alternate) {
                throw unsupported("the format flag '#' for a float");
            }
            return NumberFormat.real(d, kind, precision);
        }
        String digits = NumberFormat.integer(Numbers.integer(number), kind);
        digits = "0".repeat(Math.max(0, precision - digits.length())) + digits;
        return alternate && "oxX".indexOf(kind) >= 0 ? "0" + kind + digits : digits;
    }

    private String text(char kind, Object value) {
        return switch (kind) {
            case 's' -> repr.str(value);
            case 'r' -> repr.repr(value);
            case 'a' -> Repr.ascii(repr.repr(value));
            case 'c' -> {
                if (value instanceof String text && Text.length(text) == 1) {
                    yield text;
                }
                throw Numbers.isInt(value) ? unsupported("%c of a number") : type("%c requires int or char");
            }
            default -> throw value("unsupported format character '" + kind + "'");
        };
    }
}
