package org.fednano.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HalfFloatsTest {

    @Test
    void everyBinary16HasItsValueByDefinition() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            int exponent = bits >> 10 & 31;
            int fraction = bits & 1023;
            double sign = bits >> 15 == 0 ? 1 : -1;
            float actual = HalfFloats.fromF16((short) bits);
            if (exponent == 31 && fraction != 0) {
                assertTrue(Float.isNaN(actual));
            } else {
                double expected =
                        switch (exponent) {
                            case 31 -> sign * Double.POSITIVE_INFINITY;
                            case 0 -> sign * fraction * Math.pow(2, -24);
                            default -> sign * (1 + fraction / 1024.0) * Math.pow(2, exponent - 15);
                        };
                assertEquals(expected, actual, 0, "bits " + bits);
                assertEquals(Math.copySign(1, sign), Math.copySign(1, actual), "sign of bits " + bits);
            }
        }
    }

    @Test
    void everyBinary16SurvivesTheWayThereAndBack() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = HalfFloats.fromF16((short) bits);
            if (Float.isNaN(value)) {
                assertTrue(Float.isNaN(HalfFloats.fromF16(HalfFloats.toF16(value))));
            } else {
                assertEquals((short) bits, HalfFloats.toF16(value));
            }
        }
    }

    /** Between two neighbours the nearer one wins; half way, the one with an even last bit. */
    @Test
    void binary16RoundsToNearestAndTiesToEven() {
        for (int bits = 0; bits < 0x7bff; bits++) {
            float low = HalfFloats.fromF16((short) bits);
            float high = HalfFloats.fromF16((short) (bits + 1));
            float half = (low + high) / 2; // exact: one more bit than a binary16 has
            assertEquals(bits % 2 == 0 ? bits : bits + 1, HalfFloats.toF16(half), "half way above " + low);
            assertEquals(bits, HalfFloats.toF16(Math.nextDown(half)), "below half way above " + low);
            assertEquals(bits + 1, HalfFloats.toF16(Math.nextUp(half)), "above half way above " + low);
            assertEquals((short) (bits | 0x8000), HalfFloats.toF16(-low));
        }
        assertEquals((short) 0x7bff, HalfFloats.toF16(65519.99f));
        assertEquals((short) 0x7c00, HalfFloats.toF16(65520f));
        assertEquals((short) 0xfc00, HalfFloats.toF16(Float.NEGATIVE_INFINITY));
        assertEquals((short) 0, HalfFloats.toF16(Float.MIN_VALUE));
    }

    @Test
    void everyBfloat16SurvivesTheWayThereAndBack() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = HalfFloats.fromBf16((short) bits);
            if (Float.isNaN(value)) {
                assertTrue(Float.isNaN(HalfFloats.fromBf16(HalfFloats.toBf16(value))));
            } else {
                assertEquals((short) bits, HalfFloats.toBf16(value));
            }
        }
    }

    @Test
    void bfloat16RoundsToNearestAndTiesToEven() {
        assertEquals(1f, HalfFloats.fromBf16(HalfFloats.toBf16(1 + 1f / 256)));
        assertEquals(1 + 4f / 256, HalfFloats.fromBf16(HalfFloats.toBf16(1 + 3f / 256)));
        assertEquals(1 + 2f / 256, HalfFloats.fromBf16(HalfFloats.toBf16(1 + 1.01f / 256)));
    }
}
