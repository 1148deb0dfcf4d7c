package org.fednano.metrics;

/**
 * One row of the table {@code clients}: a client's part in a committed round, or in an attempt at one that missed its
 * quorum. {@link MetricTables#CLIENTS} says what
 * each column means. Boxed numbers are null where the client never got so far as to have them.
 *
 * @param outcome {@link Outcome}, as text
 * @param attempt which attempt at the round it was, from 1, if that missed its quorum; null if it was committed
 * @param detail why, for every outcome but {@code merged}; else empty, or that it was weighed down
 */
public record ClientRow(
        String clientId,
        Outcome outcome,
        String detail,
        Integer trainingRows,
        Double firstEpochLoss,
        Double lastEpochLoss,
        Integer steps,
        Long endpointSamples,
        Double trainSeconds,
        Double fisherSeconds,
        Double endpointSeconds,
        Double mergeWeightShare,
        Double updateNorm,
        Double fisherMean,
        long downlinkAdapterBytes,
        long uplinkAdapterBytes,
        long uplinkFisherBytes,
        long uplinkActivationBytes,
        long downlinkGradientBytes,
        Double gatewayWaitSeconds,
        Long cutPrompts,
        String newestData,
        Integer attempt,
        Double updateCosine,
        long uplinkFeatureBytes,
        long uplinkCodeBytes) {

    /** What became of the client's update. */
    public enum Outcome {
        /** Merged into the new adapter. */
        MERGED,
        /** Its code or data failed. */
        FAILED,
        /** It ran past its deadline. */
        STRAGGLER,
        /** It held NaN or infinity, an absurd norm, another number of rows than the driver knows of, or a change against all others'. */
        REJECTED,
        /** It never answered. */
        MISSING,
        /** Sound, and not merged: the round missed its quorum. */
        UNUSED;

        /** The text in the column: the name in lower case. */
        public String text() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }
}
