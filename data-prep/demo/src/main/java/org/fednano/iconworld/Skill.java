package org.fednano.iconworld;

/** What a question asks a model to do; the category of its results. */
enum Skill {
    COLOR,
    SHAPE,
    COUNT,
    SIZE,
    POSITION,
    COMPARE,
    ODD,
    PATTERN;

    String text() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
