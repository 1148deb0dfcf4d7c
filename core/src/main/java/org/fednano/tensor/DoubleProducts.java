package org.fednano.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.List;

/** Matrix products in double precision over Java's arrays; each call is one scope of native memory. */
public final class DoubleProducts {

    private DoubleProducts() {}

    /**
     * p · D U, both row-major in one vector.
     *
     * @param p factor
     * @param vector holds D and U
     * @param down where D (H, R) begins
     * @param up where U (R, H) begins
     */
    public record Pair(double p, float[] vector, int down, int up) {}

    /**
     * X Xᵀ.
     *
     * @param rows X (n, width), row-major
     * @return (n, n), row-major
     */
    public static double[] gram(double[] rows, int n, int width) {
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            NDArray x = scope.create(rows, new Shape(n, width));
            return x.matMul(x.transpose()).toDoubleArray();
        }
    }

    /**
     * P X with P = Σ p_k D_k U_k, which is never formed.
     *
     * @param pairs D_k (H, R) and U_k (R, H)
     * @param rank R
     * @param x (n, H), row-major: the columns of X
     * @param transposed Pᵀ X instead
     * @return (n, H), row-major: the columns of the product
     */
    public static double[] times(List<Pair> pairs, int rank, double[] x, int n, boolean transposed) {
        int hidden = x.length / n;
        TensorEngine.limitThreads();
        try (NDManager scope = NDManager.newBaseManager(Device.cpu())) {
            NDArray rows = scope.create(x, new Shape(n, hidden));
            NDArray sum = scope.zeros(rows.getShape(), DataType.FLOAT64);
            for (Pair pair : pairs) {
                try (NDManager each = scope.newSubManager()) {
                    NDArray mine = rows.duplicate();
                    mine.attach(each);
                    NDArray down = matrix(each, pair.vector, pair.down, hidden, rank);
                    NDArray up = matrix(each, pair.vector, pair.up, rank, hidden);
                    NDArray product = transposed
                            ? mine.matMul(down).matMul(up)
                            : mine.matMul(up.transpose()).matMul(down.transpose());
                    sum.addi(product.muli(pair.p));
                }
            }
            return sum.toDoubleArray();
        }
    }

    private static NDArray matrix(NDManager scope, float[] vector, int at, int rows, int columns) {
        return scope.create(FloatBuffer.wrap(vector, at, rows * columns), new Shape(rows, columns), DataType.FLOAT32)
                .toType(DataType.FLOAT64, false);
    }
}
