package org.fednano.jinja.library;

import static org.fednano.jinja.base.JinjaException.type;
import static org.fednano.jinja.base.JinjaException.value;

import java.math.BigInteger;
import org.fednano.jinja.base.Numbers;
import org.fednano.jinja.value.Undefined;

/** Python's {@code slice.indices}. */
record Bounds(int start, int stop, int step) {

    private static final BigInteger FAR = BigInteger.ONE.shiftLeft(30);

    /** Of a part of a sequence; None stands for its ends. */
    static Bounds of(Object start, Object stop, int length) {
        return of(start, stop, null, length);
    }

    static Bounds of(Object start, Object stop, Object step, int length) {
        int by = step == null ? 1 : clamped(step);
        if (by == 0) {
            throw value("slice step cannot be zero");
        }
        int lower = by > 0 ? 0 : -1;
        int upper = by > 0 ? length : length - 1;
        return new Bounds(
                start == null ? (by > 0 ? lower : upper) : at(clamped(start), lower, upper, length),
                stop == null ? (by > 0 ? upper : lower) : at(clamped(stop), lower, upper, length),
                by);
    }

    private static int at(int index, int lower, int upper, int length) {
        return index < 0 ? Math.max(index + length, lower) : Math.min(index, upper);
    }

    static int clamped(Object index) {
        if (index instanceof Undefined undefined) {
            throw type("slice indices must be integers or None: " + undefined.message());
        }
        if (!Numbers.isInt(index)) {
            throw type("slice indices must be integers or None");
        }
        return Numbers.integer(index).max(FAR.negate()).min(FAR).intValue();
    }

    int size() {
        int distance = step > 0 ? stop - start : start - stop;
        return distance <= 0 ? 0 : (distance - 1) / Math.abs(step) + 1;
    }
}
