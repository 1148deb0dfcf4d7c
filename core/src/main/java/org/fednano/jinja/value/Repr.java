package org.fednano.jinja.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.fednano.jinja.base.Budget;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.base.Numbers;
import org.fednano.jinja.base.Text;

/** Values as text: Python's {@code str} and {@code repr}. */
public final class Repr {

    private final Budget budget;

    public Repr(Budget budget) {
        this.budget = budget;
    }

    /** As a value is printed. */
    public String str(Object value) {
        if (value instanceof String text) {
            return text;
        }
        if (value instanceof Markup markup) {
            return markup.text();
        }
        return value instanceof Undefined ? "" : repr(value);
    }

    public String repr(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, out, 0);
        return out.toString();
    }

    private void write(Object value, StringBuilder out, int level) {
        Budget.level(level);
        int before = out.length();
        if (value == null) {
            out.append("None");
        } else if (value instanceof Boolean b) {
            out.append(b ? "True" : "False");
        } else if (value instanceof BigInteger i) {
            out.append(Numbers.digits(i));
        } else if (value instanceof Double d) {
            out.append(real(d));
        } else if (value instanceof String text) {
            quoted(text, out);
        } else if (value instanceof List<?> list) {
            all(list, "[", "]", out, level);
        } else if (value instanceof Tuple tuple) {
            all(tuple.items(), "(", tuple.items().size() == 1 ? ",)" : ")", out, level);
        } else if (value instanceof Dict dict) {
            dict(dict, out, level);
        } else {
            other(value, out, level);
        }
        budget.step();
        budget.grow(level == 0 ? out.length() - before : 0);
        if (out.length() > Budget.LARGEST) {
            budget.grow(out.length());
        }
    }

    private void all(Collection<?> items, String open, String close, StringBuilder out, int level) {
        out.append(open);
        for (Iterator<?> i = items.iterator(); i.hasNext(); ) {
            write(i.next(), out, level + 1);
            out.append(i.hasNext() ? ", " : "");
        }
        out.append(close);
    }

    private void dict(Dict dict, StringBuilder out, int level) {
        out.append('{');
        for (Iterator<Tuple> i = dict.items().iterator(); i.hasNext(); ) {
            Tuple entry = i.next();
            write(entry.items().get(0), out, level + 1);
            write(entry.items().get(1), out.append(": "), level + 1);
            out.append(i.hasNext() ? ", " : "");
        }
        out.append('}');
    }

    private void other(Object value, StringBuilder out, int level) {
        if (value instanceof Undefined) {
            out.append("Undefined");
        } else if (value instanceof Range range) {
            out.append("range(").append(range.start()).append(", ").append(range.stop());
            out.append(range.step() == 1 ? "" : ", " + range.step()).append(')');
        } else if (value instanceof View view) {
            all(view.items(), Types.name(view) + "([", "])", out, level);
        } else if (value instanceof Namespace namespace) {
            dict(namespace.values(), out.append("<Namespace "), level);
            out.append('>');
        } else if (value instanceof LoopContext loop) {
            out.append("<LoopContext ")
                    .append(loop.index())
                    .append('/')
                    .append(loop.length())
                    .append('>');
        } else if (value instanceof Markup markup) {
            quoted(markup.text(), out.append("Markup("));
            out.append(')');
        } else {
            throw JinjaException.unsupported("printing a " + Types.name(value));
        }
    }

    private static void quoted(String text, StringBuilder out) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote);
        text.codePoints().forEach(c -> {
            if (c == quote || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c == '\n' || c == '\r' || c == '\t') {
                out.append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
            } else if (Text.isPrintable(c)) {
                out.appendCodePoint(c);
            } else {
                out.append(escape(c));
            }
        });
        out.append(quote);
    }

    private static String escape(int c) {
        return String.format(Locale.ROOT, c < 256 ? "\\x%02x" : c < 65536 ? "\\u%04x" : "\\U%08x", c);
    }

    /** Python's {@code ascii} of a {@code repr}. */
    public static String ascii(String repr) {
        StringBuilder out = new StringBuilder();
        repr.codePoints().forEach(c -> out.append(c < 128 ? Character.toString(c) : escape(c)));
        return out.toString();
    }

    /** The shortest digits that give the same number again. */
    public static String real(double d) {
        if (Double.isNaN(d)) {
            return "nan";
        }
        if (Double.isInfinite(d)) {
            return d > 0 ? "inf" : "-inf";
        }
        String sign = Math.copySign(1, d) < 0 ? "-" : "";
        if (d == 0) {
            return sign + "0.0";
        }
        BigDecimal shortest = shortest(Math.abs(d));
        String digits = shortest.unscaledValue().toString();
        int point = digits.length() - shortest.scale(); // 0.digits * 10^point
        if (point > 16 || point < -3) {
            String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
            return sign + digits.charAt(0) + fraction + exponent(point - 1);
        }
        if (point <= 0) {
            return sign + "0." + "0".repeat(-point) + digits;
        }
        return digits.length() <= point
                ? sign + digits + "0".repeat(point - digits.length()) + ".0"
                : sign + digits.substring(0, point) + "." + digits.substring(point);
    }

    static String exponent(int exponent) {
        return String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
    }

    private static BigDecimal shortest(double d) {
        BigDecimal exact = new BigDecimal(d);
        for (int digits = 1; digits < 17; digits++) {
            // beside a power of two, a neighbour of the nearest may be the one that is read back
            for (RoundingMode mode : List.of(RoundingMode.HALF_EVEN, RoundingMode.UP, RoundingMode.DOWN)) {
                BigDecimal rounded = exact.round(new MathContext(digits, mode));
                if (rounded.doubleValue() == d) {
                    return rounded.stripTrailingZeros();
                }
            }
        }
        return exact.round(new MathContext(17, RoundingMode.HALF_EVEN)).stripTrailingZeros();
    }
}
