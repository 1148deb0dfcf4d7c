package org.fednano.adapter;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;

/** Some tokens' rows of (B, T, ·) arrays as matrices, and back. */
final class TokenRows {

    private TokenRows() {}

    // The tensor's own memory: no copy by way of a direct buffer that waits for the collector, and aligned alike every
    // time, without which MKL does not promise the same bits.
    static FloatBuffer memory(NDArray array) {
        return array.toByteBuffer(true).asFloatBuffer();
    }

    static NDArray matrix(NDManager scope, float[] values, int offset, int rows, int columns) {
        NDArray array = scope.create(new Shape(rows, columns), DataType.FLOAT32);
        memory(array).put(values, offset, rows * columns);
        return array;
    }

    /** (N, {@code width}). */
    static NDArray gather(NDManager scope, float[] values, int[] at, int width) {
        NDArray array = scope.create(new Shape(at.length, width), DataType.FLOAT32);
        FloatBuffer memory = memory(array);
        for (int i = 0; i < at.length; ) {
            int run = run(at, i);
            memory.put(values, at[i] * width, run * width);
            i += run;
        }
        return array;
    }

    /** The reverse of {@link #gather}. */
    static void scatter(NDArray array, float[] values, int[] at, int width) {
        FloatBuffer memory = memory(array);
        for (int i = 0; i < at.length; ) {
            int run = run(at, i);
            memory.get(values, at[i] * width, run * width);
            i += run;
        }
    }

    // Neighbouring tokens from place i on: they are copied at once.
    private static int run(int[] at, int i) {
        int n = 1;
        while (i + n < at.length && at[i + n] == at[i] + n) {
            n++;
        }
        return n;
    }

    static void read(NDArray array, float[] to, int offset) {
        memory(array).get(to, offset, Math.toIntExact(array.size()));
    }
}
