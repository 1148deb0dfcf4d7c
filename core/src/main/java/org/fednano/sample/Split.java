package org.fednano.sample;

import java.util.Arrays;
import java.util.Optional;

/** What a sample is for. {@code BALANCED} is a second test set whose answers are equally frequent. */
public enum Split {
    TRAIN,
    VAL,
    TEST,
    BALANCED;

    /** The name in paths, columns and settings: {@code train}, {@code val}, {@code test}, {@code balanced}. */
    public String text() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** The split of that name, if there is one. */
    public static Optional<Split> of(String text) {
        return Arrays.stream(values()).filter(s -> s.text().equals(text)).findFirst();
    }
}
