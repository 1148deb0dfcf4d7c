package org.fednano.jinja;

import java.util.HashMap;
import java.util.Map;

/** The variables of one call of a function: the template itself, a macro, a recursive loop. Functions see those around them. */
final class Variables {

    /** Stands for a variable without a value. */
    static final Object NOTHING = new Object();

    private final Variables outer;
    private final Map<String, Object> values = new HashMap<>();

    Variables(Variables outer) {
        this.outer = outer;
    }

    boolean owns(String variable) {
        return values.containsKey(variable);
    }

    Object get(String variable) {
        for (Variables v = this; v != null; v = v.outer) {
            if (v.owns(variable)) {
                return v.values.get(variable);
            }
        }
        return NOTHING;
    }

    void put(String variable, Object value) {
        values.put(variable, value);
    }
}
