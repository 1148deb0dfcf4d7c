package org.fednano.merger;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.fednano.tensor.DoubleProducts;
import org.fednano.tensor.DoubleProducts.Pair;

/**
 * P = Σ p_k D_k U_k with D_k (H, R) and U_k (R, H): a weighted sum of adapters' products, cut to its R largest singular values
 * without ever forming its H · H values.
 *
 * <p>Where K·R or H is small, exactly: QR of the stacked D_k and of the stacked U_kᵀ, then the SVD of a core of min(K·R, H)
 * squared (FlexLoRA, arXiv 2402.11505, with the product never formed). Beyond, by subspace iteration from the mean of the U_k
 * (Halko, Martinsson and Tropp, SIAM Review 2011, algorithms 4.4 and 5.1), until the energy that is kept stands still.
 */
final class FactorSum {

    private static final int EXACT = 256; // a core of more would take longer than the iteration
    private static final int MOST_ITERATIONS = 8;
    private static final double STILL = 1e-8; // relative growth of the energy that is kept
    private static final long SEED = 4096; // any: it only fills the directions that the mean does not name

    /**
     * The R largest singular values of P.
     *
     * @param left (H, R), column-major; in each column the largest value is positive, the first of equal ones
     * @param sigma falling
     * @param right (H, R), column-major
     */
    record Cut(double[] left, double[] sigma, double[] right) {}

    private final int hidden; // H
    private final int rank; // R
    private final List<Pair> pairs = new ArrayList<>();

    FactorSum(int hidden, int rank) {
        this.hidden = hidden;
        this.rank = rank;
    }

    /** Adds p · D U, D at {@code down} and U at {@code up} of a vector that must not change until {@link #cut}. */
    void add(double p, float[] vector, int down, int up) {
        pairs.add(new Pair(p, vector, down, up));
    }

    /** min(R, H) singular values and vectors. */
    Cut cut() {
        int n = pairs.size() * rank;
        return Math.min(n, hidden) <= EXACT ? exactly(n) : iteratively();
    }

    private Cut exactly(int n) {
        double[] a = new double[hidden * n]; // (H, K·R): p_k D_k side by side
        double[] b = new double[hidden * n]; // (H, K·R): U_kᵀ side by side
        for (int k = 0; k < pairs.size(); k++) {
            Pair pair = pairs.get(k);
            for (int r = 0; r < rank; r++) {
                int column = (k * rank + r) * hidden;
                for (int h = 0; h < hidden; h++) {
                    a[column + h] = pair.p() * pair.vector()[pair.down() + h * rank + r];
                    b[column + h] = pair.vector()[pair.up() + r * hidden + h];
                }
            }
        }
        Lapack.Qr left = Lapack.qr(a, hidden, n);
        Lapack.Qr right = Lapack.qr(b, hidden, n);
        return cut(left.q(), core(left, right, n), left.p(), right.q());
    }

    /** R_A R_Bᵀ (p, p), of two triangles (p, n). */
    private static double[] core(Lapack.Qr a, Lapack.Qr b, int n) {
        int p = a.p();
        double[] core = new double[p * p];
        for (int l = 0; l < n; l++) {
            int rows = Math.min(l + 1, p);
            for (int j = 0; j < rows; j++) {
                double bjl = b.r()[l * p + j];
                for (int i = 0; i < rows; i++) {
                    core[j * p + i] += a.r()[l * p + i] * bjl;
                }
            }
        }
        return core;
    }

    private Cut iteratively() {
        int basis = Math.min(hidden, rank + Math.max(8, rank / 4)); // some more than R: weak directions settle sooner
        double[] right = Lapack.qr(start(basis), hidden, basis).q();
        Cut cut = null;
        double before = 0;
        for (int i = 0; i < MOST_ITERATIONS; i++) {
            double[] left = Lapack.qr(DoubleProducts.times(pairs, rank, right, basis, false), hidden, basis)
                    .q();
            Lapack.Qr z = Lapack.qr(
                    DoubleProducts.times(pairs, rank, left, basis, true),
                    hidden,
                    basis); // Pᵀ Q = Q_z R_z, so Q Qᵀ P = Q R_zᵀ Q_zᵀ
            double[] core = new double[basis * basis];
            for (int r = 0; r < basis; r++) {
                for (int c = 0; c < basis; c++) {
                    core[c * basis + r] = z.r()[r * basis + c];
                }
            }
            right = z.q();
            cut = cut(left, core, basis, right);
            double energy = Arrays.stream(cut.sigma).map(s -> s * s).sum();
            if (energy - before <= STILL * energy) {
                break;
            }
            before = energy;
        }
        return cut;
    }

    /** (H, basis), column-major: Σ p_k U_kᵀ, then draws. */
    private double[] start(int basis) {
        double[] start = new double[hidden * basis];
        for (Pair pair : pairs) {
            for (int i = 0; i < rank * hidden; i++) {
                start[i] += pair.p() * pair.vector()[pair.up() + i];
            }
        }
        Random random = new Random(SEED);
        for (int i = rank * hidden; i < start.length; i++) {
            start[i] = random.nextGaussian();
        }
        return start;
    }

    /** The cut of Q_A C Q_Bᵀ, C (p, p). */
    private Cut cut(double[] qa, double[] core, int p, double[] qb) {
        Lapack.Svd svd = Lapack.svd(core, p);
        int kept = Math.min(rank, p);
        double[] left = new double[hidden * kept];
        double[] right = new double[hidden * kept];
        for (int r = 0; r < kept; r++) {
            for (int j = 0; j < p; j++) {
                addColumn(left, r, qa, j, svd.u()[r * p + j]);
                addColumn(right, r, qb, j, svd.vt()[j * p + r]);
            }
            if (largest(left, r) < 0) {
                negate(left, r);
                negate(right, r);
            }
        }
        return new Cut(left, Arrays.copyOf(svd.sigma(), kept), right);
    }

    private void addColumn(double[] to, int r, double[] from, int j, double by) {
        for (int h = 0; h < hidden; h++) {
            to[r * hidden + h] += by * from[j * hidden + h];
        }
    }

    private double largest(double[] columns, int r) {
        double largest = 0;
        for (int h = r * hidden; h < (r + 1) * hidden; h++) {
            if (Math.abs(columns[h]) > Math.abs(largest)) {
                largest = columns[h];
            }
        }
        return largest;
    }

    private void negate(double[] columns, int r) {
        for (int h = r * hidden; h < (r + 1) * hidden; h++) {
            columns[h] = -columns[h];
        }
    }
}
