package org.fednano.merger;

import java.util.Arrays;
import org.netlib.lapack.Dgeqrf;
import org.netlib.lapack.Dgesvd;
import org.netlib.lapack.Dorgqr;
import org.netlib.util.intW;

/**
 * Factorisations by LAPACK's translation to Java (F2J), which Spark brings along; never by a native one that a machine may have: same
 * bits everywhere. Matrices are column-major.
 */
final class Lapack {

    private Lapack() {}

    /**
     * A (m, n) = Q R.
     *
     * @param q (m, p), p = min(m, n); its columns are orthonormal
     * @param r (p, n), upper triangular
     */
    record Qr(double[] q, double[] r, int p) {}

    /** A (p, p) = U diag(σ) Vᵀ; σ falls, U and Vᵀ are (p, p). */
    record Svd(double[] u, double[] sigma, double[] vt) {}

    /** @param a (m, n); overwritten */
    static Qr qr(double[] a, int m, int n) {
        int p = Math.min(m, n);
        double[] tau = new double[p];
        double[] work = new double[64 * Math.max(1, n)]; // 64: LAPACK's block
        intW info = new intW(0);
        Dgeqrf.dgeqrf(m, n, a, 0, m, tau, 0, work, 0, work.length, info);
        require("dgeqrf", info);
        double[] r = new double[p * n];
        for (int j = 0; j < n; j++) {
            System.arraycopy(a, j * m, r, j * p, Math.min(j + 1, p));
        }
        double[] q = p < n ? Arrays.copyOf(a, m * p) : a;
        Dorgqr.dorgqr(m, p, p, q, 0, m, tau, 0, work, 0, work.length, info);
        require("dorgqr", info);
        return new Qr(q, r, p);
    }

    /** @param a (p, p); overwritten */
    static Svd svd(double[] a, int p) {
        double[] u = new double[p * p];
        double[] sigma = new double[p];
        double[] vt = new double[p * p];
        double[] work = new double[64 * p + 5 * p];
        intW info = new intW(0);
        Dgesvd.dgesvd("A", "A", p, p, a, 0, p, sigma, 0, u, 0, p, vt, 0, p, work, 0, work.length, info);
        require("dgesvd", info);
        return new Svd(u, sigma, vt);
    }

    private static void require(String routine, intW info) {
        if (info.val != 0) {
            throw new IllegalStateException("LAPACK's " + routine + " ended with " + info.val + ": 0 was expected");
        }
    }
}
