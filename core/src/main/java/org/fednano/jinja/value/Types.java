package org.fednano.jinja.value;

import static org.fednano.jinja.base.JinjaException.type;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.base.Text;

/**
 * Python's types in Java: None is null, int is {@link BigInteger}, float is {@link Double}, str is {@link String}, list is
 * {@link List}; the others have classes here. No value changes once it is made, but namespaces and what counts.
 */
public final class Types {

    private Types() {}

    /** Python's name of a value's type. */
    public static String name(Object value) {
        if (value == null) {
            return "NoneType";
        }
        if (value instanceof Boolean) {
            return "bool";
        }
        if (value instanceof BigInteger) {
            return "int";
        }
        if (value instanceof Double) {
            return "float";
        }
        if (value instanceof String) {
            return "str";
        }
        if (value instanceof List) {
            return "list";
        }
        if (value instanceof View view) {
            return "dict_" + view.kind().name().toLowerCase(java.util.Locale.ROOT);
        }
        if (value instanceof Once once) {
            return once.type();
        }
        if (value instanceof Function.Named) {
            return "function";
        }
        return value instanceof LoopContext ? "LoopContext" : value.getClass().getSimpleName();
    }

    /** As messages of Jinja2 name it. */
    public static String shown(Object value) {
        return value == null ? "None" : name(value) + " object";
    }

    /** A value of Java's own types as one of these; maps and lists deeply. */
    public static Object of(Object value) {
        if (value instanceof Integer || value instanceof Long) {
            return BigInteger.valueOf(((Number) value).longValue());
        }
        if (value instanceof Float f) {
            return (double) f;
        }
        if (value instanceof List<?> list) {
            List<Object> values = new ArrayList<>(list.size());
            list.forEach(v -> values.add(of(v)));
            return Collections.unmodifiableList(values);
        }
        if (value instanceof Map<?, ?> map) {
            Dict dict = new Dict();
            map.forEach((k, v) -> dict.put(of(k), of(v)));
            return dict;
        }
        if (value == null
                || value instanceof String
                || value instanceof Boolean
                || value instanceof BigInteger
                || value instanceof Double
                || value instanceof Function) {
            return value;
        }
        throw new IllegalArgumentException("no value for a template: " + value.getClass());
    }

    public static boolean isText(Object value) {
        return value instanceof String || value instanceof Markup;
    }

    public static boolean truth(Object value) {
        if (value == null || value instanceof Undefined) {
            return false;
        }
        if (value instanceof Boolean b) {
            return b;
        }
        if (value instanceof BigInteger i) {
            return i.signum() != 0;
        }
        if (value instanceof Double d) {
            return d != 0;
        }
        return !hasLength(value) || length(value) != 0;
    }

    public static boolean hasLength(Object value) {
        return isText(value)
                || value instanceof List
                || value instanceof Tuple
                || value instanceof Dict
                || value instanceof Range
                || value instanceof View
                || value instanceof Undefined
                || value instanceof LoopContext;
    }

    public static int length(Object value) {
        if (value instanceof String text) {
            return Text.length(text);
        }
        if (value instanceof Markup markup) {
            return Text.length(markup.text());
        }
        if (value instanceof List<?> list) {
            return list.size();
        }
        if (value instanceof Tuple tuple) {
            return tuple.items().size();
        }
        if (value instanceof Dict dict) {
            return dict.size();
        }
        if (value instanceof View view) {
            return view.dict().size();
        }
        if (value instanceof Range range) {
            return (int) range.size();
        }
        if (value instanceof Undefined) {
            return 0;
        }
        if (value instanceof LoopContext loop) {
            return loop.length();
        }
        throw type("object of type '" + name(value) + "' has no len()");
    }

    public static boolean isIterable(Object value) {
        return hasLength(value) || value instanceof Once;
    }

    public static Iterator<Object> iterator(Object value) {
        if (value instanceof Once once) {
            return once;
        }
        if (value instanceof Dict dict) {
            return dict.column(0).iterator();
        }
        if (value instanceof View view) {
            return view.items().iterator();
        }
        if (value instanceof Undefined) {
            return Collections.emptyIterator();
        }
        if (value instanceof LoopContext) {
            throw JinjaException.unsupported("a loop over 'loop'");
        }
        return sequence(value).iterator();
    }

    /** Elements of a text, list, tuple or range. */
    public static List<Object> sequence(Object value) {
        if (value instanceof String text) {
            return Text.characters(text);
        }
        if (value instanceof Markup markup) {
            return Text.characters(markup.text());
        }
        if (value instanceof List<?> list) {
            return Collections.unmodifiableList(list);
        }
        if (value instanceof Tuple tuple) {
            return tuple.items();
        }
        if (value instanceof Range range) {
            return range.items();
        }
        throw type("'" + name(value) + "' object is not iterable");
    }
}
