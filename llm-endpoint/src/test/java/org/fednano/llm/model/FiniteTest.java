package org.fednano.llm.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FiniteTest {

    @Test
    void finiteValuesOfEverySize() {
        float[] values = {0, -0f, Float.MIN_VALUE, -Float.MAX_VALUE, Float.MAX_VALUE, 1};
        assertEquals(-1, Finite.firstOther(values, 0, values.length));
        assertEquals(-1, Finite.firstOther(values, 2, 2));
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void firstOfSeveralWithinTheRange(float other) {
        float[] values = new float[100];
        values[3] = values[41] = values[77] = other;
        assertEquals(41, Finite.firstOther(values, 4, 100));
        assertEquals(-1, Finite.firstOther(values, 42, 77));
    }
}
