package org.fednano.jinja;

import static org.fednano.jinja.base.JinjaException.runtime;
import static org.fednano.jinja.base.JinjaException.type;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.filter.Filters;
import org.fednano.jinja.library.Runtime;
import org.fednano.jinja.syntax.Expr;
import org.fednano.jinja.syntax.Node;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Dict;
import org.fednano.jinja.value.Function;
import org.fednano.jinja.value.Operators;
import org.fednano.jinja.value.Tuple;
import org.fednano.jinja.value.Types;
import org.fednano.jinja.value.Undefined;

/** What expressions are worth. */
final class Evaluator {

    private final Runtime runtime;
    private final Filters filters;

    Evaluator(Runtime runtime) {
        this.runtime = runtime;
        this.filters = new Filters(runtime);
    }

    Object value(Expr expression, Frame frame) {
        runtime.budget.enter();
        Object value = worth(expression, frame);
        runtime.budget.leave();
        return value;
    }

    private Object worth(Expr e, Frame frame) {
        if (e instanceof Expr.Const constant) {
            return constant.value();
        }
        if (e instanceof Expr.Name name) {
            return frame.get(name.name());
        }
        if (e instanceof Expr.Attribute attribute) {
            return runtime.attributes.attribute(value(attribute.of(), frame), attribute.name());
        }
        if (e instanceof Expr.Item item) {
            return item(item, frame);
        }
        if (e instanceof Expr.Call call) {
            return call(call, frame, null);
        }
        if (e instanceof Expr.Filter filter) {
            return filter(filter, null, frame);
        }
        if (e instanceof Expr.Test test) {
            Object of = value(test.of(), frame);
            return filters.tests().apply(test.name(), of, arguments(test.arguments(), frame, null));
        }
        if (e instanceof Expr.Binary binary) {
            return binary(binary, frame);
        }
        if (e instanceof Expr.Unary unary) {
            return Operators.unary(unary.operator(), value(unary.of(), frame));
        }
        if (e instanceof Expr.Compare compare) {
            return compare(compare, frame);
        }
        if (e instanceof Expr.Concat concat) {
            return concat(concat, frame);
        }
        if (e instanceof Expr.Conditional conditional) {
            return conditional(conditional, frame);
        }
        if (e instanceof Expr.ListOf list) {
            return Collections.unmodifiableList(values(list.items(), frame));
        }
        if (e instanceof Expr.TupleOf tuple) {
            return Tuple.of(values(tuple.items(), frame));
        }
        if (e instanceof Expr.DictOf dict) {
            return dict(dict, frame);
        }
        throw new IllegalStateException(e.toString());
    }

    private List<Object> values(List<Expr> expressions, Frame frame) {
        List<Object> values = new ArrayList<>(expressions.size());
        expressions.forEach(e -> values.add(value(e, frame)));
        return values;
    }

    private Dict dict(Expr.DictOf literal, Frame frame) {
        List<Object> items = values(literal.items(), frame);
        Dict dict = new Dict();
        for (int i = 0; i < items.size(); i += 2) {
            dict.put(items.get(i), items.get(i + 1));
        }
        return dict;
    }

    private Object item(Expr.Item item, Frame frame) {
        Object of = value(item.of(), frame);
        if (item.key() instanceof Expr.Slice slice) {
            return slice(of, slice, frame, item);
        }
        return runtime.attributes.item(of, value(item.key(), frame));
    }

    private Object slice(Object of, Expr.Slice slice, Frame frame, Expr.Item item) {
        try {
            return runtime.attributes.slice(
                    of, bound(slice.start(), frame), bound(slice.stop(), frame), bound(slice.step(), frame));
        } catch (JinjaException e) {
            if (e.kind() == JinjaException.Kind.TYPE && isConstant(item)) { // Jinja2 folds it to undefined
                throw JinjaException.unsupported("a wrong slice of a constant (" + e.getMessage() + ")");
            }
            throw e;
        }
    }

    private static boolean isConstant(Node node) {
        return !(node instanceof Expr.Name)
                && !(node instanceof Expr.Call)
                && node.children().stream().allMatch(Evaluator::isConstant);
    }

    private Object bound(Expr bound, Frame frame) {
        return bound == null ? null : value(bound, frame);
    }

    private Object binary(Expr.Binary binary, Frame frame) {
        Object left = value(binary.left(), frame);
        return switch (binary.operator()) {
            case "and" -> Types.truth(left) ? value(binary.right(), frame) : left;
            case "or" -> Types.truth(left) ? left : value(binary.right(), frame);
            default -> runtime.operators.calculate(binary.operator(), left, value(binary.right(), frame));
        };
    }

    private boolean compare(Expr.Compare compare, Frame frame) {
        Object left = value(compare.first(), frame);
        for (int i = 0; i < compare.others().size(); i++) {
            Object right = value(compare.others().get(i), frame);
            if (!runtime.operators.compare(compare.operators().get(i), left, right)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private String concat(Expr.Concat concat, Frame frame) {
        StringBuilder out = new StringBuilder();
        for (Object part : values(concat.parts(), frame)) {
            out.append(runtime.budget.grown(runtime.str(part)));
        }
        return runtime.budget.grown(out.toString());
    }

    private Object conditional(Expr.Conditional conditional, Frame frame) {
        if (Types.truth(value(conditional.test(), frame))) {
            return value(conditional.then(), frame);
        }
        return conditional.otherwise() != null
                ? value(conditional.otherwise(), frame)
                : Undefined.hint("the inline if-expression on line " + conditional.line()
                        + " evaluated to false and no else section was defined.");
    }

    /** @param text what the filter of a block works on; for others null */
    Object filter(Expr.Filter filter, String text, Frame frame) {
        Object of;
        if (filter.of() == null) {
            of = text;
        } else {
            of = filter.of() instanceof Expr.Filter inner && text != null
                    ? filter(inner, text, frame)
                    : value(filter.of(), frame);
        }
        return filters.apply(filter.name(), of, arguments(filter.arguments(), frame, null));
    }

    /** @param caller the body of a {@code call} block, or null */
    Object call(Expr.Call call, Frame frame, Function caller) {
        Object callee = value(call.callee(), frame);
        Arguments arguments = arguments(call.arguments(), frame, caller);
        if (callee instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!(callee instanceof Function function)) {
            throw type("'" + Types.name(callee) + "' object is not callable");
        }
        return function.call(arguments);
    }

    private Arguments arguments(Expr.Given given, Frame frame, Function caller) {
        List<Object> positional = values(given.positional(), frame);
        if (given.more() != null) {
            Types.iterator(value(given.more(), frame)).forEachRemaining(positional::add);
        }
        Map<String, Object> keywords = new LinkedHashMap<>();
        given.keywords().forEach(k -> keywords.put(k.name(), value(k.value(), frame)));
        if (given.moreKeywords() != null) {
            addKeywords(value(given.moreKeywords(), frame), keywords);
        }
        if (caller != null && keywords.put("caller", caller) != null) {
            throw type("got multiple values for keyword argument 'caller'");
        }
        return new Arguments(positional, keywords);
    }

    private static void addKeywords(Object mapping, Map<String, Object> keywords) {
        if (!(mapping instanceof Dict dict)) {
            throw type("argument after ** must be a mapping, not " + Types.name(mapping));
        }
        for (Tuple item : dict.items()) {
            if (!(item.items().get(0) instanceof String name)) {
                throw type("keywords must be strings");
            }
            if (keywords.containsKey(name)) {
                throw runtime("got multiple values for keyword argument '" + name + "'");
            }
            keywords.put(name, item.items().get(1));
        }
    }

    /** The value of a loop's target, as it is put together again from its names. */
    Object rebuilt(Expr target, Frame frame) {
        return target instanceof Expr.TupleOf tuple
                ? Tuple.of(tuple.items().stream().map(t -> rebuilt(t, frame)).toList())
                : frame.get(((Expr.Name) target).name());
    }
}
