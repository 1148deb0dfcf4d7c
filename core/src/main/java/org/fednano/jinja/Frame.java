package org.fednano.jinja;

import java.util.Map;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.syntax.Symbols;
import org.fednano.jinja.value.Undefined;

/**
 * Where a statement runs.
 *
 * @param values given to the template, and the globals
 */
record Frame(Symbols symbols, Variables variables, StringBuilder out, Map<String, Object> values) {

    /** Of a scope within. */
    Frame in(Symbols inner) {
        return new Frame(inner, variables, out, values);
    }

    Frame writingTo(StringBuilder other) {
        return new Frame(symbols, variables, other, values);
    }

    /** Of a function that is called. */
    Frame calling(Symbols inner, StringBuilder other) {
        return new Frame(inner, new Variables(variables), other, values);
    }

    /** Gives this scope's variables their first values. */
    void enter() {
        symbols.origins().forEach((variable, origin) -> {
            switch (origin.from()) {
                case PARAMETER -> {}
                case NOTHING -> variables.put(variable, Variables.NOTHING);
                case OUTER -> variables.put(variable, variables.get(origin.variable()));
                case CONTEXT -> {
                    String name = variable.substring(variable.indexOf(':') + 1);
                    variables.put(variable, values.containsKey(name) ? values.get(name) : Variables.NOTHING);
                }
            }
        });
    }

    void leave() {
        symbols.origins().keySet().forEach(variable -> variables.put(variable, Variables.NOTHING));
    }

    private String variable(String name) {
        String variable = symbols.variable(name);
        if (variable == null) { // Jinja2 has the same gap: a name in the filter of a set block
            throw JinjaException.unsupported("the name '" + name + "' at this place");
        }
        return variable;
    }

    Object get(String name) {
        String variable = variable(name);
        Object value = variables.get(variable);
        if (value != Variables.NOTHING) {
            return value;
        }
        if (symbols.isParameter(variable) && !variables.owns(variable)) {
            throw JinjaException.unsupported("the variable '" + name + "' outside of its loop");
        }
        return Undefined.name(name);
    }

    void set(String name, Object value) {
        variables.put(variable(name), value);
    }
}
