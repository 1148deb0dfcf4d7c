package org.fednano.jinja.value;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Supplier;

/** A generator or iterator of Python: its elements come when asked for, and once. */
public final class Once implements Iterator<Object> {

    private final String type;
    private final Supplier<Iterator<?>> source;
    private Iterator<?> started;

    /** @param source asked when the first element is */
    public Once(String type, Supplier<Iterator<?>> source) {
        this.type = type;
        this.source = source;
    }

    /** Python's name of its type. */
    String type() {
        return type;
    }

    private Iterator<?> started() {
        if (started == null) {
            started = source.get();
        }
        return started;
    }

    @Override
    public boolean hasNext() {
        return started().hasNext();
    }

    @Override
    public Object next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return started().next();
    }
}
