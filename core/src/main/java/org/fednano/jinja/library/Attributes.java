package org.fednano.jinja.library;

import static org.fednano.jinja.base.JinjaException.type;
import static org.fednano.jinja.base.JinjaException.unsupported;
import static org.fednano.jinja.base.JinjaException.value;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.base.Numbers;
import org.fednano.jinja.base.Text;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Dict;
import org.fednano.jinja.value.Function;
import org.fednano.jinja.value.Markup;
import org.fednano.jinja.value.Namespace;
import org.fednano.jinja.value.Operators;
import org.fednano.jinja.value.Range;
import org.fednano.jinja.value.Tuple;
import org.fednano.jinja.value.Types;
import org.fednano.jinja.value.Undefined;
import org.fednano.jinja.value.View;
import org.fednano.jinja.value.WithAttributes;

/** {@code a.b}, {@code a['b']} and {@code a[1:2]}. */
public final class Attributes {

    private static final Object MISSING = Arguments.MISSING;

    /** What the sandbox keeps back. */
    private static final Map<Class<?>, Set<String>> CHANGING = Map.of(
            Dict.class, Set.of("clear", "pop", "popitem", "setdefault", "update"),
            List.class, Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"));

    /** What Python's types have and templates have no use for. */
    private static final Set<String> OTHER = Set.of(
            "as_integer_ratio",
            "bit_count",
            "bit_length",
            "close",
            "conjugate",
            "from_bytes",
            "fromhex",
            "fromkeys",
            "hex",
            "is_integer",
            "isdisjoint",
            "mapping",
            "send",
            "throw",
            "to_bytes",
            "gi_code",
            "gi_frame",
            "gi_running",
            "gi_yieldfrom",
            "gi_suspended");

    private final Runtime runtime;

    Attributes(Runtime runtime) {
        this.runtime = runtime;
    }

    /** {@code of.name}: an attribute, or else an item. */
    public Object attribute(Object of, String name) {
        Object found = own(of, name);
        if (found == MISSING) {
            found = subscript(of, name);
        }
        return found == MISSING ? absent(of, name) : found;
    }

    /** {@code of[key]}: an item, or else an attribute. */
    public Object item(Object of, Object key) {
        Object found = subscript(of, key);
        if (found == MISSING && Types.isText(key)) {
            found = own(of, Operators.plain(key));
        }
        return found == MISSING ? absent(of, key) : found;
    }

    /** {@code of|attr(name)}: an attribute only. */
    public Object attributeOnly(Object of, String name) {
        Object found = own(of, name);
        return found == MISSING ? absent(of, name) : found;
    }

    private Undefined absent(Object of, Object key) {
        String shown = runtime.repr.repr(key);
        return Undefined.hint(
                key instanceof String
                        ? "'" + Types.shown(of) + "' has no attribute " + shown
                        : Types.shown(of) + " has no element " + shown);
    }

    /** Python's {@code getattr}. */
    private Object own(Object of, String name) {
        if (name.startsWith("__") && name.endsWith("__") || name.startsWith("_") && isInternal(of)) {
            throw unsupported("the attribute '" + name + "'");
        }
        if (of instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (of instanceof String text) {
            return TextMethods.NAMES.contains(name)
                    ? method(name, a -> TextMethods.call(runtime, text, name, a))
                    : TextMethods.OTHER.contains(name) ? refused(name) : MISSING;
        }
        if (of instanceof Dict dict) {
            return ofDict(dict, name);
        }
        if (of instanceof List || of instanceof Tuple) {
            return ofSequence(of, name);
        }
        if (of instanceof Namespace namespace) {
            boolean has = namespace.values().has(name);
            return !has
                    ? MISSING
                    : name.startsWith("_")
                            ? unsafe(of, name)
                            : namespace.values().get(name);
        }
        if (of instanceof WithAttributes object) {
            return object.attribute(name);
        }
        if (of instanceof Markup) {
            throw unsupported("the attribute '" + name + "' of escaped text");
        }
        return ofNumber(of, name);
    }

    private static boolean isInternal(Object of) {
        return of instanceof Undefined || of instanceof WithAttributes || of instanceof Tuple;
    }

    private static Object method(String name, Function function) {
        return new Function.Named(name, function);
    }

    private static Object refused(String name) {
        throw unsupported("the method '" + name + "'");
    }

    private static Undefined unsafe(Object of, String name) {
        return new Undefined("access to attribute '" + name + "' of '" + Types.name(of) + "' object is unsafe.", true);
    }

    private Object ofDict(Dict dict, String name) {
        if (CHANGING.get(Dict.class).contains(name)) {
            return unsafe(dict, name);
        }
        return switch (name) {
            case "items", "keys", "values" -> method(name, a -> {
                a.positional(name, 0, 0);
                return new View(View.Kind.valueOf(Text.upper(name)), dict);
            });
            case "copy" -> method(name, a -> {
                a.positional(name, 0, 0);
                return new Dict(dict);
            });
            case "get" -> method(name, a -> {
                List<Object> given = a.positional(name, 1, 2);
                return dict.has(given.get(0)) ? dict.get(given.get(0)) : given.size() > 1 ? given.get(1) : null;
            });
            case "fromkeys" -> refused(name);
            default -> MISSING;
        };
    }

    private Object ofSequence(Object of, String name) {
        if (of instanceof List && CHANGING.get(List.class).contains(name)) {
            return unsafe(of, name);
        }
        List<Object> items = Types.sequence(of);
        if (of instanceof Tuple tuple && tuple.names().contains(name)) {
            return tuple.items().get(tuple.names().indexOf(name));
        }
        return switch (name) {
            case "count" -> method(name, a -> {
                Object wanted = a.positional(name, 1, 1).get(0);
                long count = items.stream()
                        .filter(i -> i == wanted || runtime.operators.equal(i, wanted))
                        .count();
                return BigInteger.valueOf(count);
            });
            case "index" -> method(name, a -> index(items, a.positional(name, 1, 3)));
            case "copy" -> of instanceof List
                    ? method(name, a -> {
                        a.positional(name, 0, 0);
                        return new ArrayList<>(items);
                    })
                    : MISSING;
            default -> MISSING;
        };
    }

    private Object index(List<Object> items, List<Object> given) {
        Bounds bounds =
                Bounds.of(given.size() > 1 ? given.get(1) : null, given.size() > 2 ? given.get(2) : null, items.size());
        for (int i = bounds.start(); i < bounds.stop(); i++) {
            if (items.get(i) == given.get(0) || runtime.operators.equal(items.get(i), given.get(0))) {
                return BigInteger.valueOf(i);
            }
        }
        throw value(runtime.repr.repr(given.get(0)) + " is not in list");
    }

    private Object ofNumber(Object of, String name) {
        if (Numbers.isNumber(of)) {
            switch (name) {
                case "real":
                    return of instanceof Boolean ? Numbers.integer(of) : of;
                case "imag":
                    return of instanceof Double ? (Object) 0.0 : BigInteger.ZERO;
                case "numerator", "denominator":
                    return of instanceof Double
                            ? MISSING
                            : name.equals("numerator") ? Numbers.integer(of) : BigInteger.ONE;
                default:
            }
        }
        if (of instanceof Range range) {
            switch (name) {
                case "start":
                    return BigInteger.valueOf(range.start());
                case "stop":
                    return BigInteger.valueOf(range.stop());
                case "step":
                    return BigInteger.valueOf(range.step());
                case "count", "index":
                    return refused(name);
                default:
            }
        }
        return of != null && OTHER.contains(name) ? refused(name) : MISSING;
    }

    /** Python's {@code of[key]}; {@link #MISSING} where it raises a TypeError or a LookupError. */
    private Object subscript(Object of, Object key) {
        if (of instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (of instanceof Dict dict) {
            return isHashable(key) && dict.has(key) ? dict.get(key) : MISSING;
        }
        if (of instanceof Function || of instanceof Markup) {
            throw unsupported("an item of a " + Types.name(of));
        }
        if (!Numbers.isInt(key)) {
            return MISSING;
        }
        if (of instanceof String text) {
            int length = Text.length(text);
            int index = index(key, length);
            return index < 0 ? MISSING : Character.toString(text.codePointAt(Text.offset(text, index)));
        }
        if (of instanceof List || of instanceof Tuple || of instanceof Range) {
            List<Object> items = Types.sequence(of);
            int index = index(key, items.size());
            return index < 0 ? MISSING : items.get(index);
        }
        return MISSING;
    }

    private static boolean isHashable(Object key) {
        try {
            return Dict.hashed(key) != null;
        } catch (JinjaException e) {
            if (e.kind() == JinjaException.Kind.TYPE) {
                return false;
            }
            throw e;
        }
    }

    /** -1 if it is out of range. */
    private static int index(Object key, int length) {
        long index = Bounds.clamped(key);
        index += index < 0 ? length : 0;
        return index >= 0 && index < length ? (int) index : -1;
    }

    public Object slice(Object of, Object start, Object stop, Object step) {
        if (of instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (of instanceof Markup) {
            throw unsupported("a slice of escaped text");
        }
        if (!(of instanceof String || of instanceof List || of instanceof Tuple || of instanceof Range)) {
            throw type("'" + Types.name(of) + "' object is not subscriptable");
        }
        List<Object> items = Types.sequence(of);
        Bounds bounds = Bounds.of(start, stop, step, items.size());
        if (of instanceof Range r) {
            return new Range(
                    r.start() + bounds.start() * r.step(),
                    r.start() + bounds.stop() * r.step(),
                    r.step() * bounds.step());
        }
        runtime.budget.grow(bounds.size());
        List<Object> picked = new ArrayList<>(bounds.size());
        StringBuilder text = new StringBuilder();
        for (int n = 0; n < bounds.size(); n++) {
            Object item = items.get(bounds.start() + n * bounds.step());
            if (of instanceof String) {
                text.append(item);
            } else {
                picked.add(item);
            }
        }
        return of instanceof String
                ? text.toString()
                : of instanceof Tuple ? Tuple.of(picked) : Collections.unmodifiableList(picked);
    }
}
