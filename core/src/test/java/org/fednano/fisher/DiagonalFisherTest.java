package org.fednano.fisher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class DiagonalFisherTest {

    @Test
    void isTheMeanOfSquaresNotTheSquareOfTheMean() {
        DiagonalFisher fisher = new DiagonalFisher(2);
        fisher.add(new float[] {3, 1});
        fisher.add(new float[] {-3, 1}); // the mean gradient of the first value is 0
        assertArrayEquals(new float[] {9, 1}, fisher.mean());
        assertEquals(2, fisher.samples());
    }

    @Test
    void smallSquaresAreNotLostBesideLargeOnes() {
        DiagonalFisher fisher = new DiagonalFisher(1);
        fisher.add(new float[] {1e3f});
        for (int i = 0; i < 999_999; i++) {
            fisher.add(new float[] {1e-1f}); // 1e-2 is below half a float32 step of 1e6
        }
        assertEquals(1.01, fisher.mean()[0], 1e-6);
    }

    @Test
    void needsSamplesOfItsOwnSize() {
        DiagonalFisher fisher = new DiagonalFisher(2);
        assertThrows(IllegalStateException.class, fisher::mean);
        assertThrows(IllegalArgumentException.class, () -> fisher.add(new float[3]));
    }
}
