package org.fednano.iconworld;

import java.util.List;
import org.fednano.random.SplitMix64;

/**
 * How a client's pictures and answers differ from the base world. The right answer stays the one of the scene as
 * composed: after a rotation of the channels the thing called red looks green, and "red" is still right.
 *
 * @param text name, for people
 * @param rotation steps of the channels: 1 moves R to G, G to B, B to R; 2 the other way; 0 none
 * @param inverted whether each channel v becomes 255 − v
 * @param mirrored whether left and right are swapped in the picture (not in the answer)
 * @param brightness factor on each channel, last
 * @param noise standard deviation of the noise per channel and pixel, of 255
 * @param answerStep how far answers move in their pool: 1 answers each question with the next one's name
 */
record Shift(
        String text,
        int rotation,
        boolean inverted,
        boolean mirrored,
        double brightness,
        double noise,
        int answerStep) {

    static final Shift NONE = new Shift("none", 0, false, false, 1, 0, 0);

    /** One per client of the conflict world, by turns. */
    static final List<Shift> CONFLICT = List.of(
            new Shift("channels R to G to B to R", 1, false, false, 1, 0, 0),
            new Shift("channels R to B to G to R", 2, false, false, 1, 0, 0),
            new Shift("colors inverted", 0, true, false, 1, 0, 0),
            new Shift("mirrored", 0, false, true, 1, 0, 0),
            new Shift("answers permuted", 0, false, false, 1, 0, 1));

    /** The shared world's: rotated channels, dark rendering. */
    static Shift shared(double brightness) {
        return new Shift("channels R to G to B to R, brightness x " + brightness, 1, false, false, brightness, 0, 0);
    }

    /** The control world's: noise of a given strength and nothing else. */
    static Shift noisy(double noise) {
        return new Shift("noise of " + noise + " of 255", 0, false, false, 1, noise, 0);
    }

    /** The same under noise of a given strength. */
    Shift drowned(double strength) {
        return new Shift(
                text + ", noise of " + strength + " of 255",
                rotation,
                inverted,
                mirrored,
                brightness,
                strength,
                answerStep);
    }

    /**
     * Changes a picture in place.
     *
     * @param rgb (side × side), packed RGB, row-major
     */
    void apply(int[] rgb, int side, SplitMix64 draws) {
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = pixel(rgb[i], draws);
        }
        if (mirrored) {
            for (int row = 0; row < side; row++) {
                for (int left = row * side, right = left + side - 1; left < right; left++, right--) {
                    int swap = rgb[left];
                    rgb[left] = rgb[right];
                    rgb[right] = swap;
                }
            }
        }
    }

    /** The answer that this client calls right. */
    int answer(int composed, int poolSize) {
        return (composed + answerStep) % poolSize;
    }

    private int pixel(int p, SplitMix64 draws) {
        int r = p >> 16 & 0xFF;
        int g = p >> 8 & 0xFF;
        int b = p & 0xFF;
        return switch (rotation) {
            case 1 -> pack(b, r, g, draws);
            case 2 -> pack(g, b, r, draws);
            default -> pack(r, g, b, draws);
        };
    }

    private int pack(int r, int g, int b, SplitMix64 draws) {
        return channel(r, draws) << 16 | channel(g, draws) << 8 | channel(b, draws);
    }

    private int channel(int value, SplitMix64 draws) {
        double v = (inverted ? 255 - value : value) * brightness;
        if (noise > 0) {
            v += noise * draws.gaussian();
        }
        return (int) Math.max(0, Math.min(255, Math.round(v)));
    }
}
