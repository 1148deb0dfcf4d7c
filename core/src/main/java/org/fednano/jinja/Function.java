package org.fednano.jinja;

/** What a template can call. */
interface Function {

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
