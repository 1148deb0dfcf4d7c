package org.fednano.jinja.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import org.fednano.jinja.base.Numbers;

/** Digits of numbers without their sign, as C's and Python's format characters ask for them. */
public final class NumberFormat {

    private NumberFormat() {}

    /** @param type one of {@code e E f F g G}, or 0 for Python's own, which is that of {@code str} if there is no precision */
    public static String real(double value, char type, int precision) {
        double d = Math.abs(value);
        boolean upper = Character.isUpperCase(type);
        String text;
        if (Double.isNaN(d) || Double.isInfinite(d)) {
            text = Double.isNaN(d) ? "nan" : "inf";
        } else {
            int digits = precision < 0 ? 6 : precision;
            text = switch (Character.toLowerCase(type)) {
                case 'f' -> new BigDecimal(d)
                        .setScale(digits, RoundingMode.HALF_EVEN)
                        .toPlainString();
                case 'e' -> scientific(new BigDecimal(d), digits);
                case 'g' -> general(new BigDecimal(d), Math.max(1, digits), false);
                default -> precision < 0 ? Repr.real(d) : general(new BigDecimal(d), Math.max(1, digits), true);
            };
        }
        return upper ? text.toUpperCase(Locale.ROOT) : text;
    }

    private static String scientific(BigDecimal value, int decimals) {
        if (value.signum() == 0) {
            return "0" + (decimals > 0 ? "." + "0".repeat(decimals) : "") + "e+00";
        }
        BigDecimal rounded = value.round(new MathContext(decimals + 1, RoundingMode.HALF_EVEN));
        String digits = rounded.unscaledValue().toString();
        int exponent = digits.length() - 1 - rounded.scale();
        digits += "0".repeat(Math.max(0, decimals + 1 - digits.length()));
        return digits.charAt(0)
                + (decimals > 0 ? "." + digits.substring(1, decimals + 1) : "")
                + Repr.exponent(exponent);
    }

    /** @param pointed whether at least one decimal is written, as Python does for a float without a format character */
    private static String general(BigDecimal value, int significant, boolean pointed) {
        BigDecimal rounded = value.round(new MathContext(significant, RoundingMode.HALF_EVEN));
        int exponent = value.signum() == 0 ? 0 : rounded.precision() - 1 - rounded.scale();
        if (exponent < -4 || exponent >= significant - (pointed ? 1 : 0)) {
            String text = scientific(value, significant - 1);
            int e = text.indexOf('e');
            return trimmed(text.substring(0, e)) + text.substring(e);
        }
        String text = trimmed(rounded.setScale(Math.max(0, significant - 1 - exponent), RoundingMode.HALF_EVEN)
                .toPlainString());
        return pointed && text.indexOf('.') < 0 ? text + ".0" : text;
    }

    private static String trimmed(String digits) {
        return digits.indexOf('.') < 0 ? digits : digits.replaceAll("\\.?0+$", "");
    }

    /** @param type one of {@code d i u b o x X} */
    public static String integer(BigInteger value, char type) {
        BigInteger magnitude = value.abs();
        return switch (type) {
            case 'b' -> magnitude.toString(2);
            case 'o' -> magnitude.toString(8);
            case 'x' -> magnitude.toString(16);
            case 'X' -> magnitude.toString(16).toUpperCase(Locale.ROOT);
            default -> Numbers.digits(magnitude);
        };
    }

    public static boolean isNegative(Object number) {
        return number instanceof Double d
                ? Math.copySign(1, d) < 0 && !d.isNaN()
                : Numbers.integer(number).signum() < 0;
    }
}
