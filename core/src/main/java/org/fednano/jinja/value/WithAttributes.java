package org.fednano.jinja.value;

/** An object of the interpreter's own that templates look into. */
public interface WithAttributes {

    /** {@link Arguments#MISSING} if it has no such attribute. */
    Object attribute(String name);
}
