package org.fednano.weights;

import java.io.Serializable;
import java.util.Arrays;

/**
 * A float32 tensor on the Java heap: values in row-major order and their shape. The array is shared, not copied; whoever
 * hands a tensor on no longer writes to it.
 */
public final class FloatTensor implements Serializable {

    private static final long serialVersionUID = 1L;

    private final float[] values;
    private final long[] shape;

    /**
     * @param values row-major values, shared
     * @param shape sizes, outermost first; none for a scalar
     * @throws IllegalArgumentException if the shape's product is not the number of values
     */
    public FloatTensor(float[] values, long... shape) {
        long expected = 1;
        for (long size : shape) {
            expected = Math.multiplyExact(expected, size);
        }
        if (expected != values.length) {
            throw new IllegalArgumentException("A tensor of shape " + Arrays.toString(shape) + " holds " + expected
                    + " values: got " + values.length);
        }
        this.values = values;
        this.shape = shape.clone();
    }

    /** Row-major values; shared. */
    public float[] values() {
        return values;
    }

    /** Sizes, outermost first. */
    public long[] shape() {
        return shape.clone();
    }

    /** Number of values. */
    public int size() {
        return values.length;
    }
}
