package org.fednano.algorithm;

import java.util.Arrays;
import java.util.List;
import org.fednano.merger.Merging;
import org.fednano.method.ClientRule;

/** How large the updates of a round are, and which of them are too large: by themselves, or beside the others. */
final class RoundBounds {

    /** The median of two says nothing of either. */
    private static final int FEWEST = 3;

    private final Merging merging;
    private final float[] before;
    private final List<ClientRule.Upload> uploads;
    private final double[] norms; // L2 of Δ_k; NaN where none was measured
    private final double[][] sizes; // of each upload: mean of |value|
    private double normBound = Double.NaN;
    private double[] sizeBounds;

    RoundBounds(Merging merging, float[] before, List<ClientRule.Upload> uploads, int cohort) {
        this.merging = merging;
        this.before = before;
        this.uploads = uploads;
        norms = new double[cohort];
        Arrays.fill(norms, Double.NaN);
        sizes = new double[uploads.size()][];
        Arrays.setAll(sizes, i -> norms.clone());
    }

    /** Takes down an update of sound values. */
    void measure(int place, ClientUpdate update) {
        norms[place] = Vectors.distance(update.theta(), before);
        for (int i = 0; i < sizes.length; i++) {
            double sum = 0;
            for (float value : update.uploads().get(uploads.get(i).name())) {
                sum += Math.abs(value);
            }
            sizes[i][place] = sum / before.length;
        }
    }

    /** L2 norm of Δ_k; NaN if it was not measured. */
    double norm(int place) {
        return norms[place];
    }

    /** Why an update is too large, or null. All must have been measured. */
    String refusal(int place) {
        if (sizeBounds == null) {
            normBound = bound(norms, merging.maxNormRatio());
            sizeBounds = Arrays.stream(sizes)
                    .mapToDouble(size -> bound(size, merging.maxUploadRatio()))
                    .toArray();
        }
        if (norms[place] > merging.maxUpdateNorm()) {
            return "an update norm of at most " + merging.maxUpdateNorm()
                    + " was expected (merger.max_update_norm): got " + norms[place];
        }
        if (norms[place] > normBound) {
            return "an update norm of at most " + normBound + ", " + merging.maxNormRatio()
                    + " times the cohort's median, was expected (merger.max_norm_ratio): got " + norms[place];
        }
        for (int i = 0; i < sizes.length; i++) {
            if (sizes[i][place] > sizeBounds[i]) {
                return "a mean size of " + uploads.get(i).name() + " of at most " + sizeBounds[i] + ", "
                        + merging.maxUploadRatio()
                        + " times the cohort's median, was expected (merger.max_upload_ratio): got "
                        + sizes[i][place];
            }
        }
        return null;
    }

    /** Nobody is absurd beside too few others, or beside others that did nothing. */
    private static double bound(double[] values, double ratio) {
        double[] sorted =
                Arrays.stream(values).filter(v -> !Double.isNaN(v)).sorted().toArray();
        double median = sorted.length < FEWEST ? 0 : sorted[(sorted.length - 1) / 2];
        return median == 0 ? Double.POSITIVE_INFINITY : ratio * median;
    }
}
