package org.fednano.jinja;

import static org.fednano.jinja.JinjaException.type;
import static org.fednano.jinja.JinjaException.unsupported;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A dictionary of Python: in the order of insertion, and 1, 1.0 and True are one key. */
final class Dict {

    private enum Special {
        NONE,
        UNDEFINED
    }

    private final Map<Object, Tuple> entries = new LinkedHashMap<>();

    Dict() {}

    Dict(Dict other) {
        entries.putAll(other.entries);
    }

    void put(Object key, Object value) {
        entries.compute(
                hashed(key),
                (k, old) -> Tuple.of(old == null ? key : old.items().get(0), value));
    }

    boolean has(Object key) {
        return entries.containsKey(hashed(key));
    }

    /** Null if the key is not there, too. */
    Object get(Object key) {
        Tuple entry = entries.get(hashed(key));
        return entry == null ? null : entry.items().get(1);
    }

    int size() {
        return entries.size();
    }

    /** Keys with their values. */
    Collection<Tuple> items() {
        return entries.values();
    }

    List<Object> column(int column) {
        List<Object> values = new ArrayList<>(entries.size());
        entries.values().forEach(entry -> values.add(entry.items().get(column)));
        return values;
    }

    /**
     * A Java object that is equal where the keys are.
     *
     * @throws JinjaException for what is no key
     */
    static Object hashed(Object key) {
        return hashed(key, 0);
    }

    private static Object hashed(Object key, int level) {
        Budget.level(level);
        if (key == null) {
            return Special.NONE;
        }
        if (key instanceof Undefined) {
            return Special.UNDEFINED;
        }
        if (key instanceof Boolean b) {
            return b ? BigInteger.ONE : BigInteger.ZERO;
        }
        if (key instanceof Double d) {
            return d == Math.rint(d) && !Double.isInfinite(d) ? new BigDecimal(d).toBigInteger() : d;
        }
        if (key instanceof Markup markup) {
            return markup.text();
        }
        if (key instanceof Tuple tuple) {
            Budget.level(tuple.items().size() / 1000); // of thousands of elements no one makes keys
            return tuple.items().stream().map(item -> hashed(item, level + 1)).toList();
        }
        if (key instanceof List || key instanceof Dict) {
            throw type("unhashable type: '" + Types.name(key) + "'");
        }
        if (key instanceof String || key instanceof BigInteger) {
            return key;
        }
        throw unsupported("a " + Types.name(key) + " as a key");
    }
}
