package org.fednano.report.data;

import java.util.List;

/**
 * The metric rows of one run that a report needs.
 *
 * @param runId the run
 * @param rounds by round
 * @param clients by round and client, of committed rounds
 * @param missed of attempts at rounds that missed their quorum; {@code attempt} counts them from 1
 * @param evaluations by round, client, split, category and predictor
 */
public record RunMetrics(
        String runId, List<Round> rounds, List<Client> clients, List<Client> missed, List<Evaluation> evaluations) {

    public RunMetrics {
        rounds = List.copyOf(rounds);
        clients = List.copyOf(clients);
        missed = List.copyOf(missed);
        evaluations = List.copyOf(evaluations);
    }

    /** Bytes that went over the wire, each kind by itself. */
    public record Traffic(
            long downlinkAdapter,
            long uplinkAdapter,
            long uplinkFisher,
            long uplinkActivation,
            long downlinkGradient,
            long uplinkFeature) {

        static final Traffic NONE = new Traffic(0, 0, 0, 0, 0, 0);

        Traffic plus(Traffic other) {
            return new Traffic(
                    downlinkAdapter + other.downlinkAdapter,
                    uplinkAdapter + other.uplinkAdapter,
                    uplinkFisher + other.uplinkFisher,
                    uplinkActivation + other.uplinkActivation,
                    downlinkGradient + other.downlinkGradient,
                    uplinkFeature + other.uplinkFeature);
        }

        public long total() {
            return downlinkAdapter + uplinkAdapter + uplinkFisher + uplinkActivation + downlinkGradient + uplinkFeature;
        }
    }

    /** A row of table {@code rounds}. Losses in nats per answer token, NaN where not recorded. */
    public record Round(
            int round,
            String strategy,
            long seed,
            double wallSeconds,
            int cohortClients,
            int mergedClients,
            double firstEpochLoss,
            double lastEpochLoss,
            double updateNorm,
            Traffic traffic,
            long endpointSamples) {}

    /** A row of table {@code clients}. {@code outcome} is one of merged, failed, straggler, rejected, missing, unused. */
    public record Client(
            int round,
            String clientId,
            String outcome,
            String detail,
            long trainingRows,
            double firstEpochLoss,
            double lastEpochLoss,
            double trainSeconds,
            double fisherSeconds,
            double endpointSeconds,
            double mergeWeightShare,
            Traffic traffic,
            long cutPrompts,
            long attempt) {

        public boolean merged() {
            return outcome.equals("merged");
        }
    }

    /** A row of table {@code evaluations}; {@code category} is empty for all of the split. */
    public record Evaluation(
            int round, String clientId, String split, String category, String predictor, long samples, long correct) {

        /** Share of right answers; NaN without samples. */
        public double accuracy() {
            return samples == 0 ? Double.NaN : (double) correct / samples;
        }
    }

    boolean isEmpty() {
        return rounds.isEmpty() && clients.isEmpty() && evaluations.isEmpty();
    }
}
