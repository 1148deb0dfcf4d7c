package org.fednano.jinja.filter;

import static org.fednano.jinja.base.JinjaException.runtime;

import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.fednano.jinja.library.Getters;
import org.fednano.jinja.library.Runtime;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Once;
import org.fednano.jinja.value.Types;

/** {@code map}, {@code select} and {@code reject}: generators, which do their work when they are run through. */
final class LazyFilters {

    private final Runtime runtime;
    private final Filters filters;
    private final Getters getters;

    LazyFilters(Runtime runtime, Filters filters, Getters getters) {
        this.runtime = runtime;
        this.filters = filters;
        this.getters = getters;
    }

    Once map(Object value, Arguments a) {
        return lazily(value, () -> mapper(a), false);
    }

    /** What {@code map} does to each. */
    private UnaryOperator<Object> mapper(Arguments a) {
        if (a.positional().isEmpty() && a.keywords().containsKey("attribute")) {
            Map<String, Object> rest = new LinkedHashMap<>(a.keywords());
            Object attribute = rest.remove("attribute");
            Object otherwise = rest.remove("default");
            if (!rest.isEmpty()) {
                throw runtime("Unexpected keyword argument '"
                        + rest.keySet().iterator().next() + "'");
            }
            return getters.getter(attribute, otherwise);
        }
        if (a.positional().isEmpty()) {
            throw runtime("map requires a filter argument");
        }
        Object name = a.positional().get(0);
        Arguments rest = new Arguments(a.positional().subList(1, a.positional().size()), a.keywords());
        if (!(name instanceof String filter)) {
            throw runtime("No filter named " + runtime.repr.repr(name) + ".");
        }
        return item -> filters.apply(filter, item, rest);
    }

    /** @param name {@code select}, {@code reject}, {@code selectattr} or {@code rejectattr} */
    Once selected(String name, Object value, Arguments a) {
        boolean byAttribute = name.endsWith("attr");
        boolean wanted = name.startsWith("select");
        return lazily(
                value,
                () -> {
                    List<Object> given = a.positional();
                    if (byAttribute && given.isEmpty()) {
                        throw runtime("Missing parameter for attribute name");
                    }
                    UnaryOperator<Object> getter =
                            byAttribute ? getters.getter(given.get(0), null) : UnaryOperator.identity();
                    int off = byAttribute ? 1 : 0;
                    if (given.size() <= off) {
                        return item -> Types.truth(getter.apply(item)) == wanted;
                    }
                    Arguments rest = new Arguments(given.subList(off + 1, given.size()), a.keywords());
                    if (!(given.get(off) instanceof String test)) {
                        throw runtime("No test named " + runtime.repr.repr(given.get(off)) + ".");
                    }
                    return item -> filters.tests().apply(test, getter.apply(item), rest) == wanted;
                },
                true);
    }

    private interface Prepared {
        UnaryOperator<Object> operator();
    }

    /** A generator that asks for its arguments with its first element, and only if there may be one. */
    private Once lazily(Object value, Prepared prepared, boolean choosing) {
        return new Once("generator", () -> {
            if (!Types.truth(value)) {
                return Collections.emptyIterator();
            }
            UnaryOperator<Object> operator = prepared.operator();
            Iterator<Object> items = Types.iterator(value);
            return choosing
                    ? new Chosen(items, item -> (Boolean) operator.apply(item))
                    : new Chosen(items, item -> true) {
                        @Override
                        public Object next() {
                            return operator.apply(super.next());
                        }
                    };
        });
    }

    /** Elements that a predicate holds for. */
    class Chosen implements Iterator<Object> {
        private final Iterator<Object> items;
        private final Predicate<Object> predicate;
        private boolean found;
        private Object next;

        Chosen(Iterator<Object> items, Predicate<Object> predicate) {
            this.items = items;
            this.predicate = predicate;
        }

        @Override
        public boolean hasNext() {
            while (!found && items.hasNext()) {
                runtime.budget.step();
                next = items.next();
                found = predicate.test(next);
            }
            return found;
        }

        @Override
        public Object next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            found = false;
            return next;
        }
    }
}
