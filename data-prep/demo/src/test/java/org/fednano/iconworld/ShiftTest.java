package org.fednano.iconworld;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageIO;
import org.fednano.random.SplitMix64;
import org.junit.jupiter.api.Test;

class ShiftTest {

    private static final int RED = 0xC80A14;

    @Test
    void rotationMovesRedToGreenAndBack() {
        assertEquals(0x14C80A, apply(Shift.shared(1), RED));
        int[] pixels = {RED, 0x123456, 0xFFFFFF, 0};
        int[] turned = pixels.clone();
        Shift.CONFLICT.get(0).apply(turned, 2, SplitMix64.of(1));
        Shift.CONFLICT.get(1).apply(turned, 2, SplitMix64.of(1));
        assertArrayEquals(pixels, turned);
    }

    @Test
    void darkRenderingScalesEachChannel() {
        assertEquals((70 << 16) | (4 << 8) | 7, apply(new Shift("", 0, false, false, 0.35, 0, 0), RED));
    }

    @Test
    void inversionAndMirror() {
        assertEquals(0x37F5EB, apply(new Shift("", 0, true, false, 1, 0, 0), RED));
        int[] rows = {1, 2, 3, 4};
        new Shift("", 0, false, true, 1, 0, 0).apply(rows, 2, SplitMix64.of(1));
        assertArrayEquals(new int[] {2, 1, 4, 3}, rows);
    }

    @Test
    void noiseIsSeeded() {
        Shift noisy = Shift.noisy(24);
        assertEquals(apply(noisy, RED), apply(noisy, RED));
        assertNotEquals(RED, apply(noisy, RED));
    }

    @Test
    void permutedAnswersStayInTheirPool() {
        Shift permuted = Shift.CONFLICT.get(4);
        assertEquals(List.of(1, 2, 0), List.of(permuted.answer(0, 3), permuted.answer(1, 3), permuted.answer(2, 3)));
        assertEquals(2, Shift.NONE.answer(2, 3));
    }

    @Test
    void pngHoldsThePaintedPixels() throws IOException {
        SplitMix64 draws = SplitMix64.of(7, "png");
        Puzzle puzzle = Puzzles.make(Family.ODD_COLOR, 2, draws);
        int[] painted = new Painter().paint(puzzle.things(), draws);
        BufferedImage read = ImageIO.read(new ByteArrayInputStream(Png.encode(painted, Puzzles.SIDE)));
        for (int i = 0; i < painted.length; i++) {
            assertEquals(
                    painted[i] & 0xFFFFFF, read.getRGB(i % Puzzles.SIDE, i / Puzzles.SIDE) & 0xFFFFFF, "pixel " + i);
        }
    }

    @Test
    void figuresArePaintedInTheirColour() {
        for (Colour colour : Colour.values()) {
            Thing square = new Thing(Figure.SQUARE, colour, 24, 24, 16);
            int[] painted = new Painter().paint(List.of(square), SplitMix64.of(colour.ordinal(), "paint"));
            int centre = painted[24 * Puzzles.SIDE + 24] & 0xFFFFFF;
            int corner = painted[0] & 0xFFFFFF;
            assertEquals(colour, nearest(centre));
            assertEquals(corner >> 16, corner & 0xFF, "the background is grey");
        }
    }

    private static Colour nearest(int rgb) {
        Colour best = null;
        int bestDistance = Integer.MAX_VALUE;
        for (Colour c : Colour.values()) {
            int pure = c.shade(0, SplitMix64.of(1));
            int distance = 0;
            for (int shift = 0; shift <= 16; shift += 8) {
                int d = (pure >> shift & 0xFF) - (rgb >> shift & 0xFF);
                distance += d * d;
            }
            if (distance < bestDistance) {
                bestDistance = distance;
                best = c;
            }
        }
        return best;
    }

    private static int apply(Shift shift, int pixel) {
        int[] one = {pixel};
        shift.apply(one, 1, SplitMix64.of(1, "shift"));
        return one[0];
    }
}
