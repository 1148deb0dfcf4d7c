package org.fednano.jinja.filter;

import static org.fednano.jinja.base.JinjaException.runtime;
import static org.fednano.jinja.base.JinjaException.syntax;
import static org.fednano.jinja.base.JinjaException.unsupported;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.fednano.jinja.base.Numbers;
import org.fednano.jinja.base.Text;
import org.fednano.jinja.library.Runtime;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Dict;
import org.fednano.jinja.value.Function;
import org.fednano.jinja.value.LoopContext;
import org.fednano.jinja.value.Markup;
import org.fednano.jinja.value.Types;
import org.fednano.jinja.value.Undefined;
import org.fednano.jinja.value.View;

/** The tests of Jinja2: {@code value is name}. */
public final class Tests {

    /** With the number of their arguments. */
    private static final Map<String, Integer> NAMES = Map.ofEntries(
            Map.entry("odd", 0),
            Map.entry("even", 0),
            Map.entry("divisibleby", 1),
            Map.entry("defined", 0),
            Map.entry("undefined", 0),
            Map.entry("filter", 0),
            Map.entry("test", 0),
            Map.entry("none", 0),
            Map.entry("boolean", 0),
            Map.entry("false", 0),
            Map.entry("true", 0),
            Map.entry("integer", 0),
            Map.entry("float", 0),
            Map.entry("lower", 0),
            Map.entry("upper", 0),
            Map.entry("string", 0),
            Map.entry("mapping", 0),
            Map.entry("number", 0),
            Map.entry("sequence", 0),
            Map.entry("iterable", 0),
            Map.entry("callable", 0),
            Map.entry("sameas", 1),
            Map.entry("escaped", 0),
            Map.entry("in", 1),
            Map.entry("==", 1),
            Map.entry("eq", 1),
            Map.entry("equalto", 1),
            Map.entry("!=", 1),
            Map.entry("ne", 1),
            Map.entry(">", 1),
            Map.entry("gt", 1),
            Map.entry("greaterthan", 1),
            Map.entry("ge", 1),
            Map.entry(">=", 1),
            Map.entry("<", 1),
            Map.entry("lt", 1),
            Map.entry("lessthan", 1),
            Map.entry("<=", 1),
            Map.entry("le", 1));

    private static final Map<String, String> COMPARISONS = Map.ofEntries(
            Map.entry("in", "in"),
            Map.entry("==", "=="),
            Map.entry("eq", "=="),
            Map.entry("equalto", "=="),
            Map.entry("!=", "!="),
            Map.entry("ne", "!="),
            Map.entry(">", ">"),
            Map.entry("gt", ">"),
            Map.entry("greaterthan", ">"),
            Map.entry("ge", ">="),
            Map.entry(">=", ">="),
            Map.entry("<", "<"),
            Map.entry("lt", "<"),
            Map.entry("lessthan", "<"),
            Map.entry("<=", "<="),
            Map.entry("le", "<="));

    private final Runtime runtime;

    Tests(Runtime runtime) {
        this.runtime = runtime;
    }

    /** @param soft whether it may be unknown as long as it is not reached */
    public static void check(String name, int line, boolean soft) {
        if (!NAMES.containsKey(name) && !soft) {
            throw syntax("No test named '" + name + "'.", line);
        }
    }

    public boolean apply(String name, Object value, Arguments arguments) {
        Integer count = NAMES.get(name);
        if (count == null) {
            throw runtime("No test named '" + name + "' found.");
        }
        if (name.equals("divisibleby") || name.equals("in") || name.equals("sameas")) {
            String parameter = name.equals("divisibleby") ? "num" : name.equals("in") ? "seq" : "other";
            return applied(name, value, arguments.bind(name, 1, parameter).get(0));
        }
        return applied(
                name,
                value,
                count == 0 ? null : arguments.positional(name, 1, 1).get(0),
                arguments,
                count);
    }

    private boolean applied(String name, Object value, Object other, Arguments arguments, int count) {
        if (count == 0) {
            arguments.positional(name, 0, 0);
        }
        return applied(name, value, other);
    }

    private boolean applied(String name, Object value, Object other) {
        if (COMPARISONS.containsKey(name)) {
            return runtime.operators.compare(COMPARISONS.get(name), value, other);
        }
        return switch (name) {
            case "odd" -> rest(value, BigInteger.TWO, BigInteger.ONE);
            case "even" -> rest(value, BigInteger.TWO, BigInteger.ZERO);
            case "divisibleby" -> rest(value, other, BigInteger.ZERO);
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "filter" -> known(value, Filters.ALL);
            case "test" -> known(value, NAMES.keySet());
            case "none" -> value == null;
            case "boolean" -> value instanceof Boolean;
            case "false" -> Boolean.FALSE.equals(value);
            case "true" -> Boolean.TRUE.equals(value);
            case "integer" -> value instanceof BigInteger;
            case "float" -> value instanceof Double;
            case "number" -> Numbers.isNumber(value);
            case "lower" -> Text.isLower(runtime.str(value));
            case "upper" -> Text.isUpper(runtime.str(value));
            case "string" -> Types.isText(value);
            case "mapping" -> value instanceof Dict;
            case "sequence" -> Types.hasLength(value) && !(value instanceof View) && !(value instanceof LoopContext);
            case "iterable" -> Types.isIterable(value);
            case "callable" -> value instanceof Function || value instanceof Undefined;
            case "escaped" -> value instanceof Markup;
            case "sameas" -> isSame(value, other);
            default -> throw new IllegalStateException(name);
        };
    }

    private boolean rest(Object value, Object by, Object expected) {
        return runtime.operators.equal(runtime.operators.calculate("%", value, by), expected);
    }

    private static boolean known(Object name, Set<String> names) {
        Object key = Dict.hashed(name);
        return key instanceof String && names.contains(key);
    }

    private boolean isSame(Object value, Object other) {
        if (value == other || value instanceof Boolean && value.equals(other)) {
            return true;
        }
        boolean distinct = value == null
                || other == null
                || !Types.name(value).equals(Types.name(other))
                || value instanceof Boolean
                || value instanceof List
                || value instanceof Dict
                || value instanceof Undefined
                || value instanceof Function;
        if (distinct || !runtime.operators.equal(value, other)) {
            return false;
        }
        throw unsupported("'sameas' between equal values of type " + Types.name(value));
    }
}
