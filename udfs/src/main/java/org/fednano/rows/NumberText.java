package org.fednano.rows;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.function.Predicate;

/**
 * Binary floating-point numbers as people and Python write them: the fewest digits that give the same number again, with an
 * exponent below 0.0001 and from 1e16 on. {@code Double.toString} of Java 17 takes more digits than needed at times, and an
 * exponent from ten million on.
 */
final class NumberText {

    private NumberText() {}

    /** A finite number as Python's {@code repr} shows it. */
    static String of(double value) {
        return text(value, d -> d.doubleValue() == Math.abs(value));
    }

    /** A finite number as NumPy's {@code float32} shows it: 0.1, not what 0.1 becomes in 64 bits. */
    static String of(float value) {
        return text(value, d -> d.floatValue() == Math.abs(value));
    }

    private static String text(double value, Predicate<BigDecimal> same) {
        String sign = value < 0 || 1 / value < 0 ? "-" : "";
        return sign + (value == 0 ? "0.0" : layout(shortest(new BigDecimal(Math.abs(value)), same)));
    }

    /** Of all decimals that give the number again one of the shortest, and of those the nearest. */
    private static BigDecimal shortest(BigDecimal exact, Predicate<BigDecimal> same) {
        for (int digits = 1; digits < exact.precision(); digits++) {
            BigDecimal near = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
            boolean up = near.compareTo(exact) > 0;
            BigDecimal far = exact.round(new MathContext(digits, up ? RoundingMode.DOWN : RoundingMode.UP));
            if (same.test(near)) {
                return near;
            }
            if (same.test(far)) { // below a power of two numbers lie closer than above it
                return far;
            }
        }
        return exact;
    }

    private static String layout(BigDecimal number) {
        BigDecimal plain = number.stripTrailingZeros();
        String digits = plain.unscaledValue().toString();
        int exponent = digits.length() - 1 - plain.scale();
        if (exponent >= -4 && exponent < 16) {
            return plain.scale() > 0 ? plain.toPlainString() : plain.toPlainString() + ".0";
        }
        String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
        String size = Integer.toString(Math.abs(exponent));
        return digits.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+") + (size.length() < 2 ? "0" : "") + size;
    }
}
