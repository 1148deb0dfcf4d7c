package org.fednano.algorithm;

import java.io.Serializable;
import java.util.Map;

/**
 * All that leaves a client at the end of a round: the one place where clipping, noise or masking would act.
 *
 * @param clientId the client
 * @param theta θ_k, in the round's layout
 * @param uploads what the method sends beside it, by name; as many values each
 * @param trainingRows n_k
 * @param metrics what the local training was like
 */
public record ClientUpdate(
        String clientId, float[] theta, Map<String, float[]> uploads, int trainingRows, Metrics metrics)
        implements Serializable {

    /**
     * @param firstEpochLoss mean training loss of the first local epoch, nats per answer token
     * @param lastEpochLoss the same of the last one
     * @param steps optimiser steps
     * @param endpointSamples samples sent to the endpoint, Fisher pass included
     * @param uplinkActivationBytes prompt embeddings (B, T, H) as handed to the endpoint, padding included, 4 bytes a
     *     value, and answer ids
     * @param downlinkGradientBytes gradients (B, T, H) on the way back, 4 bytes a value, and losses
     * @param trainSeconds wall time of the local epochs
     * @param fisherSeconds wall time of the extra Fisher pass
     * @param endpointSeconds part of both spent waiting for the endpoint
     * @param cutPrompts training rows whose prompt was cut to {@code prompt.max_tokens}
     */
    public record Metrics(
            double firstEpochLoss,
            double lastEpochLoss,
            int steps,
            long endpointSamples,
            long uplinkActivationBytes,
            long downlinkGradientBytes,
            double trainSeconds,
            double fisherSeconds,
            double endpointSeconds,
            long cutPrompts)
            implements Serializable {

        /** Of a client that sent no update: losses NaN, the rest 0. */
        public static final Metrics NONE = new Metrics(Double.NaN, Double.NaN, 0, 0, 0, 0, 0, 0, 0, 0);

        Metrics withCutPrompts(long cut) {
            return new Metrics(
                    firstEpochLoss,
                    lastEpochLoss,
                    steps,
                    endpointSamples,
                    uplinkActivationBytes,
                    downlinkGradientBytes,
                    trainSeconds,
                    fisherSeconds,
                    endpointSeconds,
                    cut);
        }
    }

    /** The same, of rows of which some have a prompt that was cut. */
    public ClientUpdate withCutPrompts(long cut) {
        return new ClientUpdate(clientId, theta, uploads, trainingRows, metrics.withCutPrompts(cut));
    }

    /** Bytes of all its vectors in memory, whatever they hold. */
    long bytes() {
        return uploads.values().stream()
                        .mapToLong(values -> values == null ? 0 : 4L * values.length)
                        .sum()
                + (theta == null ? 0 : adapterBytes());
    }

    /** Bytes of the adapter on the way up, float32. */
    public long adapterBytes() {
        return 4L * theta.length;
    }

    /** Bytes of what the method sends beside it, float32. */
    public long uploadBytes() {
        return uploads.values().stream().mapToLong(values -> 4L * values.length).sum();
    }
}
