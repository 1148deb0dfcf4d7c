package org.fednano.jinja.value;

import java.util.List;

/** What {@code keys()}, {@code values()} and {@code items()} of a dictionary give. */
public record View(Kind kind, Dict dict) {

    public enum Kind {
        KEYS,
        VALUES,
        ITEMS
    }

    List<Object> items() {
        return switch (kind) {
            case KEYS -> dict.column(0);
            case VALUES -> dict.column(1);
            case ITEMS -> List.copyOf(dict.items());
        };
    }
}
