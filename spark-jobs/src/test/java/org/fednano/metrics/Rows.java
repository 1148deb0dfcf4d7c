package org.fednano.metrics;

import java.time.Instant;
import java.util.List;

/** Rows of a small run, for tests. */
public final class Rows {

    private Rows() {}

    /** The row of a round that merged two clients, one failed. */
    public static RoundRow round(int round, String strategy) {
        return new RoundRow(
                strategy,
                7,
                Instant.parse("2026-02-03T04:05:06.789123Z"),
                1.5,
                3,
                2,
                1,
                0,
                0,
                0,
                round == 0 ? null : 2.0 / round,
                round == 0 ? null : 1.5 / round,
                0.25,
                3000,
                2000,
                2000,
                500_000,
                400_000,
                640,
                0.75,
                "ab12",
                0,
                0);
    }

    public static ClientRow merged(String client, double share) {
        return new ClientRow(
                client,
                ClientRow.Outcome.MERGED,
                "",
                100,
                2.0,
                1.5,
                13,
                200L,
                1.0,
                0.5,
                0.75,
                share,
                0.3,
                1e-4,
                1000,
                1000,
                1000,
                250_000,
                200_000,
                0.25,
                0L,
                "2026-01-31",
                null,
                0.4,
                30_000,
                100_000);
    }

    public static ClientRow failed(String client) {
        return new ClientRow(
                client,
                ClientRow.Outcome.FAILED,
                "no such file",
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                1000,
                0,
                0,
                0,
                0,
                0.0,
                null,
                null,
                null,
                null,
                0,
                0);
    }

    public static EvaluationRow evaluation(
            String client, String split, String category, String predictor, int correct) {
        return new EvaluationRow(client, split, category, predictor, 100, correct, 0.5);
    }

    public static PredictionRow prediction(String client, String split, String sample, String predicted) {
        return new PredictionRow(client, split, sample, "colour", "model", predicted, "red", predicted.equals("red"));
    }

    /** All rows of a round: three clients, two splits. */
    public static RoundMetrics all(int round, String strategy) {
        return new RoundMetrics(
                List.of(round(round, strategy)),
                round == 0 ? List.of() : List.of(merged("c001", 0.75), merged("c002", 0.25), failed("c003")),
                List.of(
                        evaluation("c001", "test", "", "model", 40 + round),
                        evaluation("c001", "test", "colour", "model", 50 + round),
                        evaluation("c001", "test", "", "majority", 30),
                        evaluation("c002", "test", "", "model", 60 + round),
                        evaluation("c002", "test", "", "majority", 34),
                        evaluation("c001", "balanced", "", "model", 38 + round)),
                List.of(
                        prediction("c001", "test", "s1", "red"),
                        prediction("c001", "test", "s2", "blue"),
                        prediction("c001", "balanced", "s3", "red")));
    }
}
