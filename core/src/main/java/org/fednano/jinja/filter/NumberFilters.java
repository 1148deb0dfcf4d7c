package org.fednano.jinja.filter;

import static org.fednano.jinja.base.JinjaException.runtime;
import static org.fednano.jinja.base.JinjaException.type;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.base.JinjaException.Kind;
import org.fednano.jinja.base.Numbers;
import org.fednano.jinja.library.Runtime;
import org.fednano.jinja.library.TextMethods;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Operators;
import org.fednano.jinja.value.Types;
import org.fednano.jinja.value.Undefined;

/** {@code abs}, {@code round}, {@code int} and {@code float}. */
final class NumberFilters {

    private final Runtime runtime;

    NumberFilters(Runtime runtime) {
        this.runtime = runtime;
    }

    Object apply(String name, Object value, Arguments a) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        return switch (name) {
            case "abs" -> {
                a.positional(name, 0, 0);
                if (!Numbers.isNumber(value)) {
                    throw type("bad operand type for abs(): '" + Types.name(value) + "'");
                }
                yield value instanceof Double d
                        ? (Object) Math.abs(d)
                        : Numbers.integer(value).abs();
            }
            case "round" -> rounded(value, a.bind(name, 0, "precision", "method"));
            case "int" -> integer(value, a.bind(name, 0, "default", "base"));
            default -> {
                Object otherwise = a.bind(name, 0, "default").or(0, 0.0);
                try {
                    yield real(value);
                } catch (JinjaException e) {
                    yield otherwise(e, otherwise);
                }
            }
        };
    }

    private static double real(Object value) {
        if (Types.isText(value)) {
            return Numbers.parsed(Operators.plain(value));
        }
        if (!Numbers.isNumber(value)) {
            throw type("float() argument must be a string or a real number, not '" + Types.name(value) + "'");
        }
        return Numbers.real(value);
    }

    /** Where Jinja2 catches TypeError and ValueError. */
    private static Object otherwise(JinjaException e, Object otherwise) {
        if (e.kind() != Kind.TYPE && e.kind() != Kind.VALUE) {
            throw e;
        }
        return otherwise;
    }

    private static Object integer(Object value, Arguments.Bound bound) {
        int base = TextMethods.integer(bound.or(1, BigInteger.TEN));
        try {
            if (Types.isText(value)) {
                return Numbers.parsed(Operators.plain(value), base);
            }
            if (Numbers.isInt(value)) {
                return Numbers.integer(value);
            }
            if (value instanceof Double d) {
                return Numbers.truncated(d);
            }
            return bound.or(0, BigInteger.ZERO);
        } catch (JinjaException e) {
            otherwise(e, null);
        }
        try {
            double d = real(value);
            return Double.isInfinite(d) ? bound.or(0, BigInteger.ZERO) : Numbers.truncated(d);
        } catch (JinjaException e) {
            return otherwise(e, bound.or(0, BigInteger.ZERO));
        }
    }

    private Object rounded(Object value, Arguments.Bound bound) {
        Object precision = bound.or(0, BigInteger.ZERO);
        Object method = bound.or(1, "common");
        if (!"common".equals(method) && !"ceil".equals(method) && !"floor".equals(method)) {
            throw runtime("method must be common, ceil or floor");
        }
        if (!Numbers.isNumber(value)) {
            throw type("type " + Types.name(value) + " doesn't define __round__ method");
        }
        if (method.equals("common")) {
            if (precision == null) {
                return value instanceof Double ? Numbers.rounded(value, 0) : Numbers.integer(value);
            }
            return Numbers.rounded(value, TextMethods.integer(precision));
        }
        Object scale = runtime.operators.calculate("**", BigInteger.TEN, precision);
        Object scaled = runtime.operators.calculate("*", value, scale);
        return runtime.operators.calculate("/", whole(scaled, method.equals("ceil")), scale);
    }

    private static BigInteger whole(Object number, boolean up) {
        if (!(number instanceof Double d)) {
            return Numbers.integer(number);
        }
        Numbers.truncated(d); // refuses NaN and infinity
        return new BigDecimal(d)
                .setScale(0, up ? RoundingMode.CEILING : RoundingMode.FLOOR)
                .toBigInteger();
    }
}
