package org.fednano.metrics;

import java.time.Instant;

/**
 * One row of the table {@code rounds}: a committed round. Units stand in the names; {@link MetricTables#ROUNDS} says
 * what each column means. Losses are null for round 0, which trains nothing.
 */
public record RoundRow(
        String strategy,
        long seed,
        Instant startedAt,
        double wallSeconds,
        int cohortClients,
        int mergedClients,
        int failedClients,
        int stragglerClients,
        int rejectedClients,
        int missingClients,
        Double firstEpochLoss,
        Double lastEpochLoss,
        double updateNorm,
        long downlinkAdapterBytes,
        long uplinkAdapterBytes,
        long uplinkFisherBytes,
        long uplinkActivationBytes,
        long downlinkGradientBytes,
        long endpointSamples,
        double endpointSeconds,
        String adapterSha256,
        long uplinkFeatureBytes,
        int clampedValues) {}
