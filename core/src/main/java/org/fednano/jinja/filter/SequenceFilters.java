package org.fednano.jinja.filter;

import static org.fednano.jinja.base.JinjaException.runtime;
import static org.fednano.jinja.base.JinjaException.type;
import static org.fednano.jinja.base.JinjaException.unsupported;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.fednano.jinja.library.Getters;
import org.fednano.jinja.library.Runtime;
import org.fednano.jinja.library.TextMethods;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Dict;
import org.fednano.jinja.value.LoopContext;
import org.fednano.jinja.value.Markup;
import org.fednano.jinja.value.Once;
import org.fednano.jinja.value.Tuple;
import org.fednano.jinja.value.Types;
import org.fednano.jinja.value.Undefined;

/** Filters of lists and of whatever else can be run through. */
final class SequenceFilters {

    static final Set<String> NAMES = Set.of(
            "batch",
            "dictsort",
            "first",
            "groupby",
            "items",
            "join",
            "last",
            "list",
            "map",
            "max",
            "min",
            "reject",
            "rejectattr",
            "reverse",
            "select",
            "selectattr",
            "slice",
            "sort",
            "sum",
            "unique");

    private final Runtime runtime;
    private final Getters getters;
    private final LazyFilters lazy;

    SequenceFilters(Runtime runtime, Filters filters) {
        this.runtime = runtime;
        this.getters = new Getters(runtime);
        this.lazy = new LazyFilters(runtime, filters, getters);
    }

    Object apply(String name, Object value, Arguments a) {
        return switch (name) {
            case "list" -> {
                a.bind(name, 0);
                yield list(value);
            }
            case "first" -> {
                a.bind(name, 0);
                Iterator<Object> items = Types.iterator(value);
                yield items.hasNext() ? items.next() : Undefined.hint("No first item, sequence was empty.");
            }
            case "last" -> {
                a.bind(name, 0);
                Iterator<Object> items = reversed(value).iterator();
                yield items.hasNext() ? items.next() : Undefined.hint("No last item, sequence was empty.");
            }
            case "reverse" -> reverse(value, a);
            case "join" -> join(value, a.bind(name, 0, "d", "attribute"));
            case "items" -> items(value, a);
            case "sort" -> {
                Arguments.Bound bound = a.bind(name, 0, "reverse", "case_sensitive", "attribute");
                UnaryOperator<Object> key = getters.keys(bound.or(2, null), Types.truth(bound.or(1, false)));
                yield runtime.sorting.sorted(list(value), key, Types.truth(bound.or(0, false)));
            }
            case "dictsort" -> dictSort(value, a.bind(name, 0, "case_sensitive", "by", "reverse"));
            case "min", "max" -> extreme(name, value, a.bind(name, 0, "case_sensitive", "attribute"));
            case "unique" -> unique(value, a.bind(name, 0, "case_sensitive", "attribute"));
            case "sum" -> sum(value, a.bind(name, 0, "attribute", "start"));
            case "groupby" -> groups(value, a.bind(name, 1, "attribute", "default", "case_sensitive"));
            case "batch" -> batch(value, a.bind(name, 1, "linecount", "fill_with"));
            case "slice" -> slices(value, a.bind(name, 1, "slices", "fill_with"));
            case "map" -> lazy.map(value, a);
            default -> lazy.selected(name, value, a);
        };
    }

    private List<Object> list(Object value) {
        List<Object> all = new ArrayList<>();
        Iterator<Object> items = Types.iterator(value);
        while (items.hasNext()) {
            all.add(items.next());
            runtime.budget.step();
        }
        runtime.budget.grow(all.size());
        return Collections.unmodifiableList(all);
    }

    private static List<Object> reversed(Object value) {
        if (value instanceof Undefined) {
            return List.of();
        }
        if (value instanceof Once || !Types.isIterable(value) || value instanceof LoopContext) {
            throw type("'" + Types.name(value) + "' object is not reversible");
        }
        List<Object> items = new ArrayList<>();
        Types.iterator(value).forEachRemaining(items::add);
        Collections.reverse(items);
        return items;
    }

    private Object reverse(Object value, Arguments a) {
        a.bind("reverse", 0);
        if (value instanceof String text) {
            return new StringBuilder(text).reverse().toString();
        }
        if (value instanceof Once) {
            List<Object> items = new ArrayList<>(list(value));
            Collections.reverse(items);
            return Collections.unmodifiableList(items);
        }
        if (!Types.isIterable(value)) {
            throw runtime("argument must be iterable");
        }
        if (value instanceof Markup) {
            throw unsupported("the filter 'reverse' on escaped text");
        }
        List<Object> items = reversed(value);
        return new Once(value instanceof List ? "list_reverseiterator" : "reversed", items::iterator);
    }

    private String join(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> getter = getters.getter(bound.or(1, null), null);
        String separator = runtime.str(bound.or(0, ""));
        StringBuilder out = new StringBuilder();
        Iterator<Object> items = Types.iterator(value);
        for (boolean first = true; items.hasNext(); first = false) {
            String item = runtime.str(getter.apply(items.next()));
            runtime.budget.step();
            runtime.budget.grow((long) separator.length() + item.length());
            out.append(first ? "" : separator).append(item);
        }
        return out.toString();
    }

    private static Once items(Object value, Arguments a) {
        a.bind("items", 0);
        return new Once("generator", () -> {
            if (value instanceof Undefined) {
                return Collections.emptyIterator();
            }
            if (!(value instanceof Dict dict)) {
                throw type("Can only get item pairs from a mapping.");
            }
            return dict.items().iterator();
        });
    }

    private Object dictSort(Object value, Arguments.Bound bound) {
        Object by = bound.or(1, "key");
        if (!"key".equals(by) && !"value".equals(by)) {
            throw runtime("You can only sort by either \"key\" or \"value\"");
        }
        if (!(value instanceof Dict dict)) {
            throw value instanceof Undefined u
                    ? u.error()
                    : runtime("'" + Types.shown(value) + "' has no attribute 'items'");
        }
        UnaryOperator<Object> fold = getters.folding(Types.truth(bound.or(0, false)));
        int column = by.equals("key") ? 0 : 1;
        return runtime.sorting.sorted(
                new ArrayList<>(dict.items()),
                item -> fold.apply(((Tuple) item).items().get(column)),
                Types.truth(bound.or(2, false)));
    }

    private Object extreme(String name, Object value, Arguments.Bound bound) {
        UnaryOperator<Object> key = Getters.chained(
                getters.getter(bound.or(1, null), null), getters.folding(Types.truth(bound.or(0, false))));
        Iterator<Object> items = Types.iterator(value);
        if (!items.hasNext()) {
            return Undefined.hint("No aggregated item, sequence was empty.");
        }
        Object best = items.next();
        Object bestKey = key.apply(best);
        while (items.hasNext()) {
            Object item = items.next();
            Object itemKey = key.apply(item);
            boolean better = name.equals("min")
                    ? runtime.operators.less("<", itemKey, bestKey, false)
                    : runtime.operators.less(">", bestKey, itemKey, false);
            best = better ? item : best;
            bestKey = better ? itemKey : bestKey;
        }
        return best;
    }

    private Once unique(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> key = Getters.chained(
                getters.getter(bound.or(1, null), null), getters.folding(Types.truth(bound.or(0, false))));
        return new Once("generator", () -> {
            Set<Object> seen = new HashSet<>();
            return lazy.new Chosen(Types.iterator(value), item -> seen.add(Dict.hashed(key.apply(item))));
        });
    }

    private Object sum(Object value, Arguments.Bound bound) {
        UnaryOperator<Object> getter = getters.getter(bound.or(0, null), null);
        Object sum = bound.or(1, BigInteger.ZERO);
        if (Types.isText(sum)) {
            throw type("sum() can't sum strings");
        }
        int reals = sum instanceof Double ? 1 : 0;
        Iterator<Object> items = Types.iterator(value);
        while (items.hasNext()) {
            Object item = getter.apply(items.next());
            reals += item instanceof Double ? 1 : 0;
            if (reals > 2) { // newer Pythons carry the rounding errors on
                throw unsupported("the sum of more than two floats");
            }
            sum = runtime.operators.calculate("+", sum, item);
        }
        return sum;
    }

    private Object groups(Object value, Arguments.Bound bound) {
        boolean sensitive = Types.truth(bound.or(2, false));
        UnaryOperator<Object> plain = getters.getter(bound.get(0), bound.or(1, null));
        UnaryOperator<Object> key = Getters.chained(plain, getters.folding(sensitive));
        List<Object> groups = new ArrayList<>();
        List<Object> group = null;
        Object last = null;
        for (Object item : runtime.sorting.sorted(list(value), key, false)) {
            Object itemKey = key.apply(item);
            if (group == null || !runtime.operators.equal(last, itemKey)) {
                group = new ArrayList<>();
                Object shown = sensitive ? itemKey : plain.apply(item);
                groups.add(new Tuple(Tuple.of(shown, group).items(), List.of("grouper", "list")));
                last = itemKey;
            }
            group.add(item);
        }
        return Collections.unmodifiableList(groups);
    }

    private Once batch(Object value, Arguments.Bound bound) {
        int count = TextMethods.integer(bound.get(0));
        Object fill = bound.or(1, null);
        return new Once("generator", () -> {
            List<Object> batches = new ArrayList<>();
            List<Object> batch = new ArrayList<>();
            for (Object item : list(value)) {
                if (batch.size() == count) {
                    batches.add(Collections.unmodifiableList(batch));
                    batch = new ArrayList<>();
                }
                batch.add(item);
            }
            if (!batch.isEmpty()) {
                runtime.budget.grow(fill == null ? 0 : Math.max(0, count - batch.size()));
                while (fill != null && batch.size() < count) {
                    batch.add(fill);
                }
                batches.add(Collections.unmodifiableList(batch));
            }
            return batches.iterator();
        });
    }

    private Once slices(Object value, Arguments.Bound bound) {
        int count = TextMethods.integer(bound.get(0));
        Object fill = bound.or(1, null);
        return new Once("generator", () -> {
            List<Object> items = list(value);
            if (count == 0) {
                throw runtime("integer division or modulo by zero");
            }
            runtime.budget.grow(Math.max(0, count));
            List<Object> slices = new ArrayList<>();
            int more = Math.floorMod(items.size(), count);
            for (int i = 0, at = 0; i < count; i++) {
                int end = at + items.size() / count + (i < more ? 1 : 0);
                List<Object> slice = new ArrayList<>(items.subList(at, end));
                if (fill != null && i >= more) {
                    slice.add(fill);
                }
                slices.add(Collections.unmodifiableList(slice));
                at = end;
            }
            return slices.iterator();
        });
    }
}
