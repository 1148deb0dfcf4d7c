package org.fednano.jinja.value;

import static org.fednano.jinja.base.JinjaException.type;
import static org.fednano.jinja.base.JinjaException.unsupported;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fednano.jinja.base.Budget;
import org.fednano.jinja.base.JinjaException;

/** A dictionary of Python: in the order of insertion, and 1, 1.0 and True are one key. */
public final class Dict {

    private enum Special {
        NONE,
        UNDEFINED
    }

    private static final int MOST_PARTS = 1000;

    private final Map<Object, Tuple> entries = new LinkedHashMap<>();

    public Dict() {}

    public Dict(Dict other) {
        entries.putAll(other.entries);
    }

    public void put(Object key, Object value) {
        entries.compute(
                hashed(key),
                (k, old) -> Tuple.of(old == null ? key : old.items().get(0), value));
    }

    public boolean has(Object key) {
        return entries.containsKey(hashed(key));
    }

    /** Null if the key is not there, too. */
    public Object get(Object key) {
        Tuple entry = entries.get(hashed(key));
        return entry == null ? null : entry.items().get(1);
    }

    public int size() {
        return entries.size();
    }

    /** Keys with their values. */
    public Collection<Tuple> items() {
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
    public static Object hashed(Object key) {
        return hashed(key, 0, new int[1]);
    }

    private static Object hashed(Object key, int level, int[] parts) {
        Budget.level(level);
        if (++parts[0] > MOST_PARTS) {
            throw JinjaException.limit("a key of more than " + MOST_PARTS + " parts");
        }
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
            return tuple.items().stream()
                    .map(item -> hashed(item, level + 1, parts))
                    .toList();
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
