package org.fednano.prep;

import java.util.Iterator;
import java.util.function.Function;

/** Iterators of tasks, whose rows pass one by one. */
final class Iterators {

    private Iterators() {}

    static <A, B> Iterator<B> map(Iterator<A> from, Function<A, B> function) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return from.hasNext();
            }

            @Override
            public B next() {
                return function.apply(from.next());
            }
        };
    }
}
