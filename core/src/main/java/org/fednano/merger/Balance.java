package org.fednano.merger;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.fednano.adapter.AdapterLayout;

/**
 * Writes a product as the pair that is balanced: P = U Σ Vᵀ, W_down = U √Σ, W_up = √Σ Vᵀ, so that both factors turn equally fast
 * under an optimiser whose steps are of one size (BaLoRA, arXiv 2605.31484).
 */
final class Balance {

    /** Singular values below this share of the largest are none. */
    private static final double NOTHING = 1e-6;

    /** Below this share of its length, what is left of a column after projection is rounding. */
    private static final double DEPENDENT = 1e-3;

    private final AdapterLayout layout;
    private final int hidden; // H
    private final int rank; // R

    Balance(AdapterLayout layout) {
        this.layout = layout;
        hidden = layout.hidden();
        rank = layout.rank();
    }

    /**
     * Writes modality m. A direction without a singular value gets W_up = 0 and what the old W_down has outside the others:
     * were both 0, no gradient would ever reach them again.
     *
     * @param old θ (d), for its W_down
     * @param to θ' (d); overwritten at modality m
     */
    void write(FactorSum.Cut cut, int m, float[] old, float[] to) {
        int down = layout.downOffset(m);
        int up = layout.upOffset(m);
        List<double[]> units = new ArrayList<>(); // W_down's directions so far
        for (int r = 0; r < cut.sigma().length && cut.sigma()[r] > NOTHING * cut.sigma()[0]; r++) {
            double root = Math.sqrt(cut.sigma()[r]);
            units.add(Arrays.copyOfRange(cut.left(), r * hidden, (r + 1) * hidden));
            for (int h = 0; h < hidden; h++) {
                to[down + h * rank + r] = (float) (root * cut.left()[r * hidden + h]);
                to[up + r * hidden + h] = (float) (root * cut.right()[r * hidden + h]);
            }
        }
        int next = 0;
        for (int r = units.size(); r < rank; r++) {
            double[] spare = null;
            while (spare == null && next < rank) {
                spare = outside(units, old, down + next++);
            }
            for (int h = 0; h < hidden; h++) {
                to[down + h * rank + r] = spare == null ? 0 : (float) spare[h];
                to[up + r * hidden + h] = 0;
            }
        }
    }

    /** What a column of the old W_down has outside the directions, which its own then joins; null if that is nothing. */
    private double[] outside(List<double[]> units, float[] old, int at) {
        double[] column = new double[hidden];
        for (int h = 0; h < hidden; h++) {
            column[h] = old[at + h * rank];
        }
        double length = Math.sqrt(dot(column, column));
        for (int pass = 0; pass < 2; pass++) { // once more against rounding
            for (double[] unit : units) {
                double along = dot(column, unit);
                Arrays.setAll(column, h -> column[h] - along * unit[h]);
            }
        }
        double left = Math.sqrt(dot(column, column));
        if (!(left > DEPENDENT * length)) {
            return null;
        }
        units.add(Arrays.stream(column).map(v -> v / left).toArray());
        return column;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
