package org.fednano.weights;

/**
 * Half-precision numbers as float32, bit by bit: {@code Float.float16ToFloat} is newer than Java 17, and a native
 * BF16 array would end the JVM.
 */
public final class HalfFloats {

    private HalfFloats() {}

    /** The value of an IEEE 754 binary16; exact, NaN payloads kept. */
    public static float fromF16(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = (bits >>> 10) & 0x1f;
        int fraction = bits & 0x3ff;
        if (exponent == 0x1f) {
            return Float.intBitsToFloat(sign | 0x7f800000 | fraction << 13);
        }
        if (exponent == 0) {
            // Subnormal: fraction · 2^-24, exact in float32.
            float value = fraction * 0x1p-24f;
            return sign == 0 ? value : -value;
        }
        return Float.intBitsToFloat(sign | (exponent + 112) << 23 | fraction << 13);
    }

    /** The value of a bfloat16: the upper half of a float32; exact. */
    public static float fromBf16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** Nearest binary16, ties to even; too large becomes infinite, NaN stays NaN. */
    public static short toF16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int magnitude = bits & 0x7fffffff;
        if (magnitude > 0x7f800000) {
            return (short) (sign | 0x7e00 | magnitude >>> 13 & 0x3ff);
        }
        if (magnitude >= 0x477ff000) { // 65520: what rounds up past 65504
            return (short) (sign | 0x7c00);
        }
        if (magnitude < 0x38800000) { // below 2^-14: a multiple of 2^-24, rounded by the float adder
            float rounded = Float.intBitsToFloat(magnitude) + 0.5f;
            return (short) (sign | Float.floatToRawIntBits(rounded) - Float.floatToRawIntBits(0.5f));
        }
        int even = magnitude + 0xfff + (magnitude >>> 13 & 1);
        return (short) (sign | even - 0x38000000 >>> 13);
    }

    /** Nearest bfloat16, ties to even; NaN stays NaN. */
    public static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}
