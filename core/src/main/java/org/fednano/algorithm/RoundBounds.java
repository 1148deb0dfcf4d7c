package org.fednano.algorithm;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.fednano.merger.Merging;
import org.fednano.method.ClientRule;

/** How large the updates of a round are and which way they point, and which of them are absurd: by themselves, or beside the others. */
final class RoundBounds {

    /** The median of two says nothing of either. */
    private static final int FEWEST = 3;

    /** Of four, one that disagrees is a quarter already. */
    private static final int FEWEST_OF_A_MIND = 5;

    private final Merging merging;
    private final float[] before;
    private final List<ClientRule.Upload> uploads;
    private final double[] norms; // L2 of Δ_k; NaN where none was measured
    private final double[][] sizes; // of each upload: mean of |value|
    private final Directions directions; // null: they don't matter
    private double normBound;
    private double[] sizeBounds;
    private double cosineBound = Double.NEGATIVE_INFINITY;

    RoundBounds(Merging merging, float[] before, List<ClientRule.Upload> uploads, int cohort) {
        this.merging = merging;
        this.before = before;
        this.uploads = uploads;
        norms = new double[cohort];
        Arrays.fill(norms, Double.NaN);
        sizes = new double[uploads.size()][];
        Arrays.setAll(sizes, i -> norms.clone());
        directions = merging.minCosine() > -1 ? new Directions(before, cohort) : null;
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
        if (directions != null) {
            directions.add(update.theta(), norms[place]);
        }
    }

    /** Holds the updates beside each other, once all that there are have been measured. */
    void compare(UpdateSpill parked) {
        normBound = bound(norms, merging.maxNormRatio());
        sizeBounds = Arrays.stream(sizes)
                .mapToDouble(size -> bound(size, merging.maxUploadRatio()))
                .toArray();
        if (directions == null) {
            return;
        }
        int[] measured = IntStream.range(0, norms.length)
                .filter(place -> !Double.isNaN(norms[place]))
                .toArray();
        for (int place : measured) {
            if (refusal(place) != null) {
                parked.pieces(place, (piece, at, count) -> directions.remove(piece, at, count, norms[place]));
            }
        }
        directions.complete();
        Arrays.stream(measured)
                .parallel()
                .filter(place -> refusal(place) == null)
                .forEach(place -> {
                    double[] along = {0};
                    parked.pieces(place, (piece, at, count) -> along[0] += directions.along(piece, at, count));
                    directions.measure(place, along[0], norms[place]);
                });
        cosineBound = directions.bound(merging.minCosine(), FEWEST_OF_A_MIND);
    }

    /** L2 norm of Δ_k; NaN if it was not measured. */
    double norm(int place) {
        return norms[place];
    }

    /** Cosine of Δ_k with the sum of the others'; NaN if it was not measured. */
    double cosine(int place) {
        return directions == null ? Double.NaN : directions.cosine(place);
    }

    /** Why an update is absurd, or null. */
    String refusal(int place) {
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
        if (cosine(place) < cosineBound) {
            return "an update that does not point against the others' was expected, with a cosine to their sum of at least "
                    + cosineBound + " (merger.min_cosine): got " + cosine(place);
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
