package org.fednano.jinja.library;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.fednano.jinja.base.Text;
import org.fednano.jinja.value.Markup;
import org.fednano.jinja.value.Undefined;

/** What filters such as {@code sort} and {@code map} look at in each element. */
public final class Getters {

    private final Runtime runtime;

    public Getters(Runtime runtime) {
        this.runtime = runtime;
    }

    public static UnaryOperator<Object> chained(UnaryOperator<Object> first, UnaryOperator<Object> second) {
        return item -> second.apply(first.apply(item));
    }

    /** Lower case for texts, unless case counts. */
    public UnaryOperator<Object> folding(boolean sensitive) {
        return sensitive ? item -> item : this::folded;
    }

    private Object folded(Object item) {
        if (item instanceof Markup markup) {
            return new Markup(runtime.budget.grown(Text.lower(markup.text())));
        }
        return item instanceof String text ? runtime.budget.grown(Text.lower(text)) : item;
    }

    /** By an attribute such as {@code a.b.0}, an index, or None for the element itself. */
    public UnaryOperator<Object> getter(Object attribute, Object otherwise) {
        List<Object> path = path(attribute);
        return item -> {
            Object value = item;
            for (Object part : path) {
                value = runtime.attributes.item(value, part);
                value = otherwise != null && value instanceof Undefined ? otherwise : value;
            }
            return value;
        };
    }

    private static List<Object> path(Object attribute) {
        if (attribute == null) {
            return List.of();
        }
        if (!(attribute instanceof String text)) {
            return List.of(attribute);
        }
        List<Object> path = new ArrayList<>();
        for (String part : text.split("\\.", -1)) {
            path.add(part.matches("[0-9]{1,9}") ? (Object) new BigInteger(part) : part);
        }
        return path;
    }

    /** A list of the values of all attributes, which are named with commas between them. */
    public UnaryOperator<Object> keys(Object attribute, boolean sensitive) {
        UnaryOperator<Object> fold = folding(sensitive);
        List<UnaryOperator<Object>> getters = new ArrayList<>();
        if (attribute instanceof String text) {
            for (String part : text.split(",", -1)) {
                getters.add(chained(getter(part, null), fold));
            }
        } else {
            getters.add(chained(getter(attribute, null), fold));
        }
        return item -> {
            List<Object> keys = new ArrayList<>();
            getters.forEach(g -> keys.add(g.apply(item)));
            return keys;
        };
    }
}
