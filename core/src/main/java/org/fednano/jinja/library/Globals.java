package org.fednano.jinja.library;

import static org.fednano.jinja.base.JinjaException.runtime;
import static org.fednano.jinja.base.JinjaException.type;
import static org.fednano.jinja.base.JinjaException.value;

import java.math.BigInteger;
import java.time.LocalDateTime;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.fednano.jinja.base.Budget;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.base.Numbers;
import org.fednano.jinja.base.Strftime;
import org.fednano.jinja.base.Text;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Dict;
import org.fednano.jinja.value.Function;
import org.fednano.jinja.value.Namespace;
import org.fednano.jinja.value.Range;
import org.fednano.jinja.value.Repr;
import org.fednano.jinja.value.Tuple;
import org.fednano.jinja.value.Types;
import org.fednano.jinja.value.Undefined;
import org.fednano.jinja.value.WithAttributes;

/** Functions that every template has: those of Jinja2, and what transformers adds. */
public final class Globals {

    private Globals() {}

    /** @param now what {@code strftime_now} tells */
    public static Map<String, Function> functions(LocalDateTime now) {
        return Map.of(
                "range", named("range", Globals::range),
                "dict", named("dict", Globals::dict),
                "namespace", named("namespace", a -> new Namespace(dict(a))),
                "cycler", named("cycler", a -> new Cycler(a.positional("cycler", 0, Integer.MAX_VALUE))),
                "joiner",
                        named(
                                "joiner",
                                a -> new Joiner(a.bind("joiner", 0, "sep").or(0, ", "))),
                "lipsum",
                        named("lipsum", a -> {
                            throw JinjaException.unsupported("the function 'lipsum'");
                        }),
                "raise_exception",
                        named("raise_exception", a -> {
                            throw runtime(new Repr(new Budget())
                                    .str(a.bind("raise_exception", 1, "message").get(0)));
                        }),
                "strftime_now",
                        named(
                                "strftime_now",
                                a -> Strftime.format(
                                        TextMethods.string(a.bind("strftime_now", 1, "format")
                                                .get(0)),
                                        now)));
    }

    private static Function named(String name, Function function) {
        return new Function.Named(name, function);
    }

    private static Object range(Arguments arguments) {
        List<Object> given = arguments.positional("range", 1, 3);
        int start = given.size() > 1 ? bound(given.get(0)) : 0;
        int stop = bound(given.get(given.size() > 1 ? 1 : 0));
        int step = given.size() > 2 ? bound(given.get(2)) : 1;
        if (step == 0) {
            throw value("range() arg 3 must not be zero");
        }
        Range range = new Range(start, stop, step);
        if (range.size() > Range.LARGEST) {
            throw runtime("Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + Range.LARGEST + ").");
        }
        return range;
    }

    private static int bound(Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (Numbers.isInt(value) && Numbers.integer(value).bitLength() > 30) {
            throw JinjaException.limit("a range with " + Numbers.integer(value).bitLength() + " bits");
        }
        return TextMethods.integer(value);
    }

    private static Dict dict(Arguments arguments) {
        if (arguments.positional().size() > 1) {
            throw type("dict expected at most 1 argument, got "
                    + arguments.positional().size());
        }
        Dict dict = new Dict();
        if (!arguments.positional().isEmpty()) {
            Object given = arguments.positional().get(0);
            if (given instanceof Dict other) {
                dict = new Dict(other);
            } else if (given instanceof Undefined undefined) {
                throw undefined.error();
            } else {
                pairs(given, dict);
            }
        }
        arguments.keywords().forEach(dict::put);
        return dict;
    }

    private static void pairs(Object given, Dict dict) {
        Iterator<Object> pairs = Types.iterator(given);
        while (pairs.hasNext()) {
            Object pair = pairs.next();
            List<Object> items = pair instanceof String text ? Text.characters(text) : Types.sequence(pair);
            if (items.size() != 2) {
                throw value("dictionary update sequence element has length " + items.size() + "; 2 is required");
            }
            dict.put(items.get(0), items.get(1));
        }
    }

    /** {@code cycler}. */
    private static final class Cycler implements WithAttributes {
        private final List<Object> items;
        private int position;

        Cycler(List<Object> items) {
            if (items.isEmpty()) {
                throw runtime("at least one item has to be provided");
            }
            this.items = items;
        }

        @Override
        public Object attribute(String name) {
            return switch (name) {
                case "items" -> Tuple.of(items);
                case "pos" -> BigInteger.valueOf(position);
                case "current" -> items.get(position);
                case "next" -> named(name, a -> {
                    a.positional(name, 0, 0);
                    Object current = items.get(position);
                    position = (position + 1) % items.size();
                    return current;
                });
                case "reset" -> named(name, a -> {
                    a.positional(name, 0, 0);
                    position = 0;
                    return null;
                });
                default -> Arguments.MISSING;
            };
        }
    }

    /** {@code joiner}. */
    private static final class Joiner implements WithAttributes, Function {
        private final Object separator;
        private boolean used;

        Joiner(Object separator) {
            this.separator = separator;
        }

        @Override
        public Object attribute(String name) {
            return switch (name) {
                case "sep" -> separator;
                case "used" -> used;
                default -> Arguments.MISSING;
            };
        }

        @Override
        public Object call(Arguments arguments) {
            arguments.positional("joiner", 0, 0);
            Object text = used ? separator : "";
            used = true;
            return text;
        }
    }
}
