package org.fednano.jinja.value;

import java.math.BigInteger;
import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/** {@code range} of Python. */
public record Range(long start, long stop, long step) {

    /** What the sandbox of Jinja2 allows. */
    public static final int LARGEST = 100_000;

    public long size() {
        long distance = step > 0 ? stop - start : start - stop;
        return distance <= 0 ? 0 : (distance - 1) / Math.abs(step) + 1;
    }

    BigInteger get(long index) {
        return BigInteger.valueOf(start + index * step);
    }

    /** A view of its numbers. */
    List<Object> items() {
        return new Items();
    }

    private final class Items extends AbstractList<Object> implements RandomAccess {
        @Override
        public Object get(int index) {
            return Range.this.get(index);
        }

        @Override
        public int size() {
            return (int) Range.this.size();
        }
    }
}
