package org.fednano.algorithm;

import java.util.Locale;

/**
 * What came of one client in one round.
 *
 * @param clientId the client
 * @param fate what became of it
 * @param detail why, for any fate but {@code MERGED}; else empty, or that it was weighed down
 * @param trainingRows n_k; 0 where no update came
 * @param mergeShare its share of the merge weight, 0 to 1 (see {@code Merger.Merged})
 * @param updateNorm L2 norm of Δ_k; NaN where none could be taken
 * @param updateCosine cosine of Δ_k with the sum of the others', each with length 1; NaN where it was not taken
 * @param fisherMean mean coordinate of the upload {@code fisher}, F_k; NaN where none came
 * @param downlinkAdapterBytes θ on the way down, float32
 * @param uplinkAdapterBytes θ_k on the way up, float32
 * @param uplinkFisherBytes F_k, or whatever the method sends beside θ_k, on the way up, float32
 * @param metrics what its local training was like, or {@code Metrics.NONE}
 */
public record ClientReport(
        String clientId,
        Fate fate,
        String detail,
        int trainingRows,
        double mergeShare,
        double updateNorm,
        double updateCosine,
        double fisherMean,
        long downlinkAdapterBytes,
        long uplinkAdapterBytes,
        long uplinkFisherBytes,
        ClientUpdate.Metrics metrics) {

    /** What became of a client; {@link #text()} is the value in the metric tables. */
    public enum Fate {
        MERGED,
        FAILED,
        STRAGGLER,
        REJECTED,
        MISSING,
        /** Sound, and not merged: the round missed its quorum. */
        UNUSED;

        /** {@code merged}, {@code failed}, {@code straggler}, {@code rejected}, {@code missing} or {@code unused}. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    ClientReport withMergeShare(double share, String note) {
        return with(fate, note, share, updateCosine);
    }

    ClientReport rejected(String why) {
        return with(Fate.REJECTED, why, 0, updateCosine);
    }

    ClientReport withUpdateCosine(double cosine) {
        return with(fate, detail, mergeShare, cosine);
    }

    ClientReport unused() {
        return with(Fate.UNUSED, "sound, and not merged: the round missed its quorum", 0, updateCosine);
    }

    private ClientReport with(Fate newFate, String note, double share, double cosine) {
        return new ClientReport(
                clientId,
                newFate,
                note,
                trainingRows,
                share,
                updateNorm,
                cosine,
                fisherMean,
                downlinkAdapterBytes,
                uplinkAdapterBytes,
                uplinkFisherBytes,
                metrics);
    }
}
