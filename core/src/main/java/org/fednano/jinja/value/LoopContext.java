package org.fednano.jinja.value;

import static org.fednano.jinja.base.JinjaException.type;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** What a loop's body sees as {@code loop}. It looks ahead only where it is asked to: what a loop runs over may change meanwhile. */
public final class LoopContext implements WithAttributes, Function, Iterator<Object> {

    private static final Object NONE = new Object();

    private final Operators operators;
    private final Object over;
    private final Function recursion;
    private final int depth;
    private Iterator<Object> items;
    private int index0 = -1;
    private int length = -1;
    private Object after = NONE;
    private Object current = NONE;
    private Object before = NONE;
    private Tuple changed;

    /**
     * @param over its length, if it has one, is the loop's
     * @param items its elements
     * @param recursion null if the loop is not recursive
     */
    public LoopContext(Operators operators, Object over, Iterator<Object> items, Function recursion, int depth) {
        this.operators = operators;
        this.over = over;
        this.items = items;
        this.recursion = recursion;
        this.depth = depth;
    }

    @Override
    public boolean hasNext() {
        return after != NONE || items.hasNext();
    }

    @Override
    public Object next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Object next = after != NONE ? after : items.next();
        after = NONE;
        index0++;
        before = current;
        current = next;
        return next;
    }

    int index() {
        return index0 + 1;
    }

    int length() {
        if (length < 0 && Types.hasLength(over)) {
            length = Types.length(over);
        } else if (length < 0) {
            List<Object> rest = new ArrayList<>();
            items.forEachRemaining(rest::add);
            items = rest.iterator();
            length = rest.size() + index() + (after == NONE ? 0 : 1);
        }
        return length;
    }

    private Object peek() {
        if (after == NONE && items.hasNext()) {
            after = items.next();
        }
        return after;
    }

    @Override
    public Object attribute(String name) {
        return switch (name) {
            case "index" -> number(index());
            case "index0" -> number(index0);
            case "revindex" -> number(length() - index0);
            case "revindex0" -> number(length() - index());
            case "length" -> number(length());
            case "depth" -> number(depth + 1);
            case "depth0" -> number(depth);
            case "first" -> index0 == 0;
            case "last" -> peek() == NONE;
            case "previtem" -> index0 == 0 ? Undefined.hint("there is no previous item") : before;
            case "nextitem" -> peek() == NONE ? Undefined.hint("there is no next item") : after;
            case "cycle" -> new Named(name, this::cycle);
            case "changed" -> new Named(name, this::changed);
            default -> Arguments.MISSING;
        };
    }

    private static BigInteger number(int value) {
        return BigInteger.valueOf(value);
    }

    private Object cycle(Arguments arguments) {
        List<Object> values = arguments.positional("cycle", 0, Integer.MAX_VALUE);
        if (values.isEmpty()) {
            throw type("no items for cycling given");
        }
        return values.get(index0 % values.size());
    }

    private Object changed(Arguments arguments) {
        Tuple values = Tuple.of(arguments.positional("changed", 0, Integer.MAX_VALUE));
        boolean differs = changed == null || !operators.equal(changed, values);
        changed = differs ? values : changed;
        return differs;
    }

    /** The loop over other elements, as text. */
    @Override
    public Object call(Arguments arguments) {
        Object over = arguments.bind("loop", 1, "iterable").get(0);
        if (recursion == null) {
            throw type("The loop must have the 'recursive' marker to be called recursively.");
        }
        return recursion.call(Arguments.of(over, depth + 1));
    }
}
