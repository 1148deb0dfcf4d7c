package org.fednano.iconworld;

import java.util.Arrays;
import java.util.List;
import org.fednano.random.SplitMix64;

/**
 * What a figure is painted in. The six are the corners of the colour cube without black and white, so rotating the
 * channels or inverting them maps each to another one: a model that does not adapt sees a clear, wrong colour.
 */
enum Colour {
    RED(true, false, false),
    GREEN(false, true, false),
    BLUE(false, false, true),
    YELLOW(true, true, false),
    CYAN(false, true, true),
    PURPLE(true, false, true);

    /** Their names, as questions and answers spell them. */
    static final List<String> NAMES = Arrays.stream(values()).map(Colour::text).toList();

    private static final int HIGH = 225;
    private static final int LOW = 25;

    private final boolean red;
    private final boolean green;
    private final boolean blue;

    Colour(boolean red, boolean green, boolean blue) {
        this.red = red;
        this.green = green;
        this.blue = blue;
    }

    String text() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Packed RGB, each channel moved by up to {@code jitter} of 255. */
    int shade(int jitter, SplitMix64 draws) {
        int r = (red ? HIGH : LOW) + draws.between(-jitter, jitter);
        int g = (green ? HIGH : LOW) + draws.between(-jitter, jitter);
        int b = (blue ? HIGH : LOW) + draws.between(-jitter, jitter);
        return r << 16 | g << 8 | b;
    }
}
