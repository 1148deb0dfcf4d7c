package org.fednano.jinja;

/**
 * A value that is not there: prints nothing, has no elements, is false, and is an error in all else.
 *
 * @param message what the error says
 * @param unsafe whether it stands for an attribute that the sandbox keeps back
 */
record Undefined(String message, boolean unsafe) {

    static Undefined name(String name) {
        return new Undefined("'" + name + "' is undefined", false);
    }

    static Undefined hint(String message) {
        return new Undefined(message, false);
    }

    JinjaException error() {
        return JinjaException.runtime(message);
    }
}
