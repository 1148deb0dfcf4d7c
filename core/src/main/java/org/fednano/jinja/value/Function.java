package org.fednano.jinja.value;

import org.fednano.jinja.base.JinjaException;

/** What a template can call. */
public interface Function {

    /** @throws JinjaException if the arguments do not suit */
    Object call(Arguments arguments);

    /**
     * A method of a value, or a global.
     *
     * @param name for messages
     */
    record Named(String name, Function function) implements Function {
        @Override
        public Object call(Arguments arguments) {
            return function.call(arguments);
        }
    }
}
