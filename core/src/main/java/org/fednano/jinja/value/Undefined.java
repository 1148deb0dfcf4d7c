package org.fednano.jinja.value;

import org.fednano.jinja.base.JinjaException;

/**
 * A value that is not there: prints nothing, has no elements, is false, and is an error in all else.
 *
 * @param message what the error says
 * @param unsafe whether it stands for an attribute that the sandbox keeps back
 */
public record Undefined(String message, boolean unsafe) {

    public static Undefined name(String name) {
        return new Undefined("'" + name + "' is undefined", false);
    }

    public static Undefined hint(String message) {
        return new Undefined(message, false);
    }

    public JinjaException error() {
        return JinjaException.runtime(message);
    }
}
