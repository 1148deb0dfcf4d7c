package org.fednano.jinja;

import static org.fednano.jinja.base.JinjaException.type;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.syntax.Expr;
import org.fednano.jinja.syntax.Stmt;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Dict;
import org.fednano.jinja.value.Function;
import org.fednano.jinja.value.Tuple;
import org.fednano.jinja.value.Undefined;
import org.fednano.jinja.value.WithAttributes;

/** A macro, or the body of a {@code call} block as its {@code caller}. */
final class Macro implements WithAttributes, Function {

    private final Renderer renderer;
    private final Stmt.Function function;
    private final String name;
    private final Scopes.Special special;
    private final Frame defined;

    /**
     * @param name null for a caller
     * @param defined where it was defined: it sees the variables there
     */
    Macro(Renderer renderer, Stmt.Function function, String name, Scopes.Special special, Frame defined) {
        this.renderer = renderer;
        this.function = function;
        this.name = name;
        this.special = special;
        this.defined = defined;
    }

    @Override
    public Object attribute(String attribute) {
        return switch (attribute) {
            case "name" -> name;
            case "arguments", "caller", "catch_kwargs", "catch_varargs", "explicit_caller" -> throw JinjaException
                    .unsupported("the attribute '" + attribute + "' of a macro");
            default -> Arguments.MISSING;
        };
    }

    @Override
    public Object call(Arguments arguments) {
        List<Expr.Name> parameters = function.signature().parameters();
        List<Object> given = arguments.positional();
        Map<String, Object> keywords = new LinkedHashMap<>(arguments.keywords());
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            String parameter = parameters.get(i).name();
            boolean named = i >= given.size() && keywords.containsKey(parameter);
            values.add(i < given.size() ? given.get(i) : named ? keywords.remove(parameter) : Variables.NOTHING);
        }
        Map<String, Object> extra = new LinkedHashMap<>();
        if (special.caller()) {
            Object caller = keywords.remove("caller");
            extra.put("caller", caller == null ? Undefined.hint("No caller defined") : caller);
        }
        if (special.kwargs()) {
            Dict rest = new Dict();
            keywords.forEach(rest::put);
            extra.put("kwargs", rest);
        } else if (!keywords.isEmpty()) {
            throw type("macro '" + name + "' takes no keyword argument '"
                    + keywords.keySet().iterator().next() + "'");
        }
        if (special.varargs()) {
            extra.put("varargs", Tuple.of(given.subList(Math.min(parameters.size(), given.size()), given.size())));
        } else if (given.size() > parameters.size()) {
            throw type("macro '" + name + "' takes not more than " + parameters.size() + " argument(s)");
        }
        return renderer.run(function, defined, values, extra);
    }
}
