package org.fednano.jinja.value;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * A tuple of Python; its elements may be null, which stands for None.
 *
 * @param names of the elements, for the groups of {@code groupby}
 */
public record Tuple(List<Object> items, List<String> names) {

    public static Tuple of(Object... items) {
        return new Tuple(Collections.unmodifiableList(Arrays.asList(items)), List.of());
    }

    public static Tuple of(List<Object> items) {
        return new Tuple(items, List.of());
    }
}
