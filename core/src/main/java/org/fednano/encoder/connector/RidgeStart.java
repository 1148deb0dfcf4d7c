package org.fednano.encoder.connector;

import java.util.Arrays;

/**
 * The last layer by ridge regression: from what goes into it to the mean text embedding of each picture's caption. Symbols:
 * K inputs of the layer, H its outputs. Inputs and targets are centred; the outputs are then stretched to the mean distance
 * of text embeddings from their centre, since a regression's predictions shrink.
 */
public final class RidgeStart {

    private final int inputs; // K
    private final int hidden; // H
    private final double[] gram; // (K, K): Σ a aᵀ
    private final double[] cross; // (K, H): Σ a tᵀ
    private final double[] inputSum;
    private final double[] targetSum;
    private long rows;

    /**
     * @param inputs K
     * @param hidden H
     */
    public RidgeStart(int inputs, int hidden) {
        this.inputs = inputs;
        this.hidden = hidden;
        gram = new double[Math.multiplyExact(inputs, inputs)];
        cross = new double[Math.multiplyExact(inputs, hidden)];
        inputSum = new double[inputs];
        targetSum = new double[hidden];
    }

    /**
     * Adds the tokens of one medium.
     *
     * @param tokens (·, K)
     * @param target (H), wanted from each of them
     */
    public void add(float[] tokens, float[] target) {
        double[] sum = new double[inputs];
        int count = tokens.length / inputs;
        for (int r = 0; r < count; r++) {
            int at = r * inputs;
            for (int i = 0; i < inputs; i++) {
                double a = tokens[at + i];
                sum[i] += a;
                if (a != 0) {
                    for (int j = 0; j <= i; j++) {
                        gram[i * inputs + j] += a * tokens[at + j];
                    }
                }
            }
        }
        for (int i = 0; i < inputs; i++) {
            inputSum[i] += sum[i];
            for (int h = 0; h < hidden; h++) {
                cross[i * hidden + h] += sum[i] * target[h];
            }
        }
        for (int h = 0; h < hidden; h++) {
            targetSum[h] += (double) count * target[h];
        }
        rows += count;
    }

    /**
     * Solves (Σ (a−ā)(a−ā)ᵀ + λ·rows·I) W = Σ (a−ā)(t−t̄)ᵀ.
     *
     * @param lambda λ above 0
     * @return (K, H)
     */
    public double[] solve(double lambda) {
        double[] a = gram.clone();
        double[] b = cross.clone();
        for (int i = 0; i < inputs; i++) {
            for (int j = 0; j <= i; j++) {
                a[i * inputs + j] -= inputSum[i] * inputSum[j] / rows;
            }
            a[i * inputs + i] += lambda * rows;
            for (int h = 0; h < hidden; h++) {
                b[i * hidden + h] -= inputSum[i] * targetSum[h] / rows;
            }
        }
        cholesky(a);
        substitute(a, b);
        return b;
    }

    /** L in the lower triangle, in place. */
    private void cholesky(double[] a) {
        for (int i = 0; i < inputs; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = a[i * inputs + j];
                for (int k = 0; k < j; k++) {
                    sum -= a[i * inputs + k] * a[j * inputs + k];
                }
                a[i * inputs + j] = i == j ? Math.sqrt(sum) : sum / a[j * inputs + j];
            }
        }
    }

    /** L Lᵀ x = b, in place of b. */
    private void substitute(double[] l, double[] b) {
        for (int i = 0; i < inputs; i++) {
            for (int k = 0; k < i; k++) {
                subtract(b, i, l[i * inputs + k], k);
            }
            divide(b, i, l[i * inputs + i]);
        }
        for (int i = inputs - 1; i >= 0; i--) {
            for (int k = i + 1; k < inputs; k++) {
                subtract(b, i, l[k * inputs + i], k);
            }
            divide(b, i, l[i * inputs + i]);
        }
    }

    private void subtract(double[] b, int row, double factor, int other) {
        for (int h = 0; h < hidden; h++) {
            b[row * hidden + h] -= factor * b[other * hidden + h];
        }
    }

    private void divide(double[] b, int row, double by) {
        for (int h = 0; h < hidden; h++) {
            b[row * hidden + h] /= by;
        }
    }

    /**
     * Writes the solution into the last layer of {@code theta}.
     *
     * @param solution as {@link #solve} answers
     * @param spread mean distance of text embeddings from their centre
     * @param centre (H), mean of text embeddings
     * @param seen (·, K), inputs whose outputs are measured
     */
    public void put(
            ConnectorLayout layout, float[] theta, double[] solution, double spread, float[] centre, float[] seen) {
        double gain = spread / Math.max(1e-12, meanNorm(solution, seen));
        int weight = layout.lastOffset();
        int bias = weight + inputs * hidden;
        for (int h = 0; h < hidden; h++) {
            double shift = 0;
            for (int k = 0; k < inputs; k++) {
                double w = gain * solution[k * hidden + h];
                theta[weight + h * inputs + k] = (float) w;
                shift += w * inputSum[k] / rows;
            }
            theta[bias + h] = (float) (centre[h] - shift);
        }
    }

    private double meanNorm(double[] solution, float[] seen) {
        double sum = 0;
        double[] y = new double[hidden];
        for (int at = 0; at < seen.length; at += inputs) {
            Arrays.fill(y, 0);
            for (int k = 0; k < inputs; k++) {
                double a = seen[at + k] - inputSum[k] / rows;
                for (int h = 0; h < hidden; h++) {
                    y[h] += a * solution[k * hidden + h];
                }
            }
            sum += Math.sqrt(Arrays.stream(y).map(v -> v * v).sum());
        }
        return sum * inputs / seen.length;
    }
}
