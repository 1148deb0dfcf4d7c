package org.fednano.jinja.base;

import static org.fednano.jinja.base.JinjaException.runtime;
import static org.fednano.jinja.base.JinjaException.unsupported;
import static org.fednano.jinja.base.JinjaException.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/** Arithmetic of Python's int, float and bool. */
public final class Numbers {

    private static final MathContext EXACT_ENOUGH = new MathContext(60);
    private static final int MOST_EXPONENT = 1 << 15;
    private static final int MOST_DIGITS = 4300;

    private Numbers() {}

    public static boolean isInt(Object value) {
        return value instanceof BigInteger || value instanceof Boolean;
    }

    public static boolean isNumber(Object value) {
        return isInt(value) || value instanceof Double;
    }

    /** Of an int or bool. */
    public static BigInteger integer(Object value) {
        return value instanceof Boolean b ? (b ? BigInteger.ONE : BigInteger.ZERO) : (BigInteger) value;
    }

    public static double real(Object value) {
        if (value instanceof Double d) {
            return d;
        }
        double d = integer(value).doubleValue();
        if (Double.isInfinite(d)) {
            throw runtime("int too large to convert to float");
        }
        return d;
    }

    /** An exact order, NaN aside. */
    public static int compare(Object left, Object right) {
        if (isInt(left) && isInt(right)) {
            return integer(left).compareTo(integer(right));
        }
        double l = left instanceof Double d ? d : 0;
        double r = right instanceof Double d ? d : 0;
        if (Double.isInfinite(l) || Double.isInfinite(r)) {
            return Double.compare(l, r);
        }
        return exact(left).compareTo(exact(right));
    }

    static BigDecimal exact(Object value) {
        return value instanceof Double d ? new BigDecimal(d) : new BigDecimal(integer(value));
    }

    public static boolean isNaN(Object value) {
        return value instanceof Double d && d.isNaN();
    }

    /** @param operator one of {@code + - * / // % **} */
    public static Object calculate(String operator, Object left, Object right) {
        return isInt(left) && isInt(right)
                ? ofInts(operator, integer(left), integer(right))
                : ofReals(operator, left, right);
    }

    private static Object ofInts(String operator, BigInteger left, BigInteger right) {
        switch (operator) {
            case "+":
                return left.add(right);
            case "-":
                return left.subtract(right);
            case "*":
                return left.multiply(right);
            case "**":
                return power(left, right);
            default:
        }
        if (right.signum() == 0) {
            throw runtime(operator.equals("/") ? "division by zero" : "integer division or modulo by zero");
        }
        if (operator.equals("/")) {
            return divided(left, right);
        }
        BigInteger[] quotient = left.divideAndRemainder(right);
        boolean down = quotient[1].signum() * right.signum() < 0;
        return operator.equals("//")
                ? (down ? quotient[0].subtract(BigInteger.ONE) : quotient[0])
                : (down ? quotient[1].add(right) : quotient[1]);
    }

    private static double divided(BigInteger left, BigInteger right) {
        if (left.signum() == 0) {
            return right.signum() < 0 ? -0.0 : 0.0;
        }
        double quotient =
                new BigDecimal(left).divide(new BigDecimal(right), EXACT_ENOUGH).doubleValue();
        if (Double.isInfinite(quotient)) {
            throw runtime("integer division result too large for a float");
        }
        return quotient;
    }

    private static Object power(BigInteger base, BigInteger exponent) {
        if (exponent.signum() < 0) {
            return realPower(real(base), real(exponent));
        }
        if (exponent.signum() == 0) {
            return BigInteger.ONE;
        }
        if (base.abs().compareTo(BigInteger.ONE) <= 0) {
            return exponent.testBit(0) ? base : base.abs();
        }
        Budget.bits(exponent.bitLength() > 31 ? Long.MAX_VALUE : base.bitLength() * exponent.longValue());
        return base.pow(exponent.intValueExact());
    }

    private static Object ofReals(String operator, Object first, Object second) {
        double left = real(first);
        double right = real(second);
        switch (operator) {
            case "+":
                return left + right;
            case "-":
                return left - right;
            case "*":
                return left * right;
            case "**":
                return realPower(left, right);
            default:
        }
        if (right == 0) {
            throw runtime(operator.equals("/") ? "float division by zero" : "float modulo by zero");
        }
        if (operator.equals("/")) {
            return left / right;
        }
        double rest = left % right;
        double quotient = (left - rest) / right;
        if (rest != 0 && right < 0 != rest < 0) {
            rest += right;
            quotient -= 1;
        } else if (rest == 0) {
            rest = Math.copySign(0.0, right);
        }
        if (operator.equals("%")) {
            return rest;
        }
        double floor = Math.floor(quotient);
        return quotient == 0 ? Math.copySign(0.0, left / right) : quotient - floor > 0.5 ? floor + 1 : floor;
    }

    /** Rounded once, as a good C library does; fractional exponents may differ between libraries, and are refused. */
    private static double realPower(double base, double exponent) {
        if (exponent != Math.rint(exponent) || Math.abs(exponent) > MOST_EXPONENT) {
            throw unsupported("the power " + base + " ** " + exponent);
        }
        if (exponent == 0) {
            return 1.0;
        }
        if (base == 0 && exponent < 0) {
            throw runtime("0.0 cannot be raised to a negative power");
        }
        if (base == 0 || Double.isInfinite(base) || Double.isNaN(base)) {
            return Math.pow(base, exponent);
        }
        BigDecimal power = new BigDecimal(base).round(EXACT_ENOUGH).pow((int) Math.abs(exponent), EXACT_ENOUGH);
        double result = (exponent < 0 ? BigDecimal.ONE.divide(power, EXACT_ENOUGH) : power).doubleValue();
        if (Double.isInfinite(result)) {
            throw runtime("(34, 'Numerical result out of range')");
        }
        return result;
    }

    public static Object negated(Object value) {
        return value instanceof Double d ? (Object) (-d) : integer(value).negate();
    }

    /** Python's {@code round}: halves to the even side, of the exact value. */
    public static Object rounded(Object value, int digits) {
        if (value instanceof Double d) {
            if (d.isNaN() || d.isInfinite() || digits > 330) {
                return d;
            }
            double rounded = new BigDecimal(d)
                    .setScale(Math.max(digits, -400), RoundingMode.HALF_EVEN)
                    .doubleValue();
            return rounded == 0 ? Math.copySign(0.0, d) : rounded;
        }
        return digits >= 0
                ? integer(value)
                : new BigDecimal(integer(value))
                        .setScale(Math.max(digits, -MOST_DIGITS - 100), RoundingMode.HALF_EVEN)
                        .toBigInteger();
    }

    /** A float's whole part. */
    public static BigInteger truncated(double d) {
        if (Double.isNaN(d)) {
            throw value("cannot convert float NaN to integer");
        }
        if (Double.isInfinite(d)) {
            throw runtime("cannot convert float infinity to integer");
        }
        return new BigDecimal(d).toBigInteger();
    }

    /** Digits of an int, or an error where Python refuses to write so many. */
    public static String digits(BigInteger value) {
        String digits = value.toString();
        if (digits.length() > MOST_DIGITS + (value.signum() < 0 ? 1 : 0)) {
            throw value("Exceeds the limit (4300 digits) for integer string conversion");
        }
        return digits;
    }

    /** Of a text, as {@code int(text, base)} reads it. */
    public static BigInteger parsed(String text, int base) {
        String digits = asciiDigits(Text.strip(text, true, true));
        boolean negative = digits.startsWith("-");
        digits = negative || digits.startsWith("+") ? digits.substring(1) : digits;
        int radix = base;
        String prefix = digits.length() < 2 ? "" : digits.substring(0, 2).toLowerCase(java.util.Locale.ROOT);
        int named = prefix.equals("0x") ? 16 : prefix.equals("0o") ? 8 : prefix.equals("0b") ? 2 : 0;
        if (named != 0 && (base == named || base == 0)) {
            radix = named;
            digits = digits.substring(digits.startsWith("_", 2) ? 3 : 2);
        } else if (base == 0) {
            radix = digits.matches("0[0-9_]*[1-9][0-9_]*") ? 1 : 10;
        }
        if (radix < 2
                || radix > 36
                || !digits.matches("[0-9a-zA-Z]+(_[0-9a-zA-Z]+)*")
                || digits.length() > MOST_DIGITS) {
            throw value("invalid literal for int() with base " + base);
        }
        try {
            BigInteger value = new BigInteger(digits.replace("_", ""), radix);
            return negative ? value.negate() : value;
        } catch (NumberFormatException e) {
            throw value("invalid literal for int() with base " + base);
        }
    }

    /** Of a text, as {@code float(text)} reads it. */
    public static double parsed(String text) {
        String number = asciiDigits(Text.strip(text, true, true)).toLowerCase(java.util.Locale.ROOT);
        if (number.matches("[-+]?(inf|infinity)")) {
            return number.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        if (number.matches("[-+]?nan")) {
            return Double.NaN;
        }
        String part = "[0-9]++(?:_[0-9]++)*+";
        if (!number.matches("[-+]?(?:" + part + "(?:\\.(?:" + part + ")?)?|\\." + part + ")(?:e[-+]?" + part + ")?")) {
            throw value("could not convert string to float");
        }
        return Double.parseDouble(number.replace("_", ""));
    }

    /** Python reads the decimal digits of every script. */
    private static String asciiDigits(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints()
                .forEach(c -> out.appendCodePoint(
                        c > 127 && Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER
                                ? '0' + Character.digit(c, 10)
                                : c));
        return out.toString();
    }
}
