package org.fednano.jinja;

/** An object of the interpreter's own that templates look into. */
interface WithAttributes {

    /** {@link Arguments#MISSING} if it has no such attribute. */
    Object attribute(String name);
}
