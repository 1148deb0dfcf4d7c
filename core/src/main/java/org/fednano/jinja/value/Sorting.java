package org.fednano.jinja.value;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.UnaryOperator;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.base.Numbers;

/** Python's {@code sorted}, {@code min} and {@code max}. */
public final class Sorting {

    private final Operators operators;

    public Sorting(Operators operators) {
        this.operators = operators;
    }

    /** Stable in both directions. */
    public List<Object> sorted(List<Object> items, UnaryOperator<Object> key, boolean reverse) {
        record Keyed(Object key, Object item) {}
        List<Keyed> keyed = new ArrayList<>(items.size());
        items.forEach(item -> keyed.add(new Keyed(key.apply(item), item)));
        Comparator<Keyed> order = (a, b) -> order(a.key(), b.key());
        try {
            keyed.sort(reverse ? order.reversed() : order);
        } catch (IllegalArgumentException e) { // an order that is none, as lists with NaN in them have
            throw JinjaException.unsupported("sorting values that have no order");
        }
        List<Object> sorted = new ArrayList<>(items.size());
        keyed.forEach(k -> sorted.add(k.item()));
        return Collections.unmodifiableList(sorted);
    }

    private int order(Object left, Object right) {
        if (Numbers.isNaN(left) || Numbers.isNaN(right)) {
            throw JinjaException.unsupported("sorting NaN");
        }
        return isLess(left, right) ? -1 : isLess(right, left) ? 1 : 0;
    }

    boolean isLess(Object left, Object right) {
        return operators.less("<", left, right, false);
    }
}
