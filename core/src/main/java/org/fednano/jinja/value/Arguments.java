package org.fednano.jinja.value;

import static org.fednano.jinja.base.JinjaException.type;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What a function, filter or test is called with. */
public record Arguments(List<Object> positional, Map<String, Object> keywords) {

    /** Stands for an argument that was not given; None is one that was. */
    public static final Object MISSING = new Object();

    public static Arguments of(Object... positional) {
        return new Arguments(Arrays.asList(positional), Map.of());
    }

    /** For a function that takes no keywords. */
    public List<Object> positional(String function, int least, int most) {
        if (!keywords.isEmpty()) {
            throw type(function + "() takes no keyword arguments");
        }
        if (positional.size() < least || positional.size() > most) {
            throw type(function + "() takes " + least + (most == least ? "" : " to " + most) + " arguments ("
                    + positional.size() + " given)");
        }
        return positional;
    }

    /**
     * One value for each parameter, {@link #MISSING} where none was given.
     *
     * @param required how many of the parameters must be given
     */
    public Bound bind(String function, int required, String... parameters) {
        if (positional.size() > parameters.length) {
            throw type(function + "() takes at most " + parameters.length + " arguments (" + positional.size()
                    + " given)");
        }
        Object[] values = new Object[parameters.length];
        int taken = 0;
        for (int i = 0; i < parameters.length; i++) {
            boolean named = keywords.containsKey(parameters[i]);
            if (named && i < positional.size()) {
                throw type(function + "() got multiple values for argument '" + parameters[i] + "'");
            }
            taken += named ? 1 : 0;
            values[i] = i < positional.size() ? positional.get(i) : named ? keywords.get(parameters[i]) : MISSING;
            if (values[i] == MISSING && i < required) {
                throw type(function + "() is missing the argument '" + parameters[i] + "'");
            }
        }
        if (taken < keywords.size()) {
            List<String> known = List.of(parameters);
            String other = keywords.keySet().stream()
                    .filter(k -> !known.contains(k))
                    .findFirst()
                    .orElse("");
            throw type(function + "() got an unexpected keyword argument '" + other + "'");
        }
        return new Bound(values);
    }

    /** Values of parameters, in their order. */
    public record Bound(Object[] values) {

        public Object get(int parameter) {
            return values[parameter];
        }

        boolean has(int parameter) {
            return values[parameter] != MISSING;
        }

        public Object or(int parameter, Object otherwise) {
            return has(parameter) ? values[parameter] : otherwise;
        }
    }
}
