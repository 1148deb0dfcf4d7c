package org.fednano.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.fednano.metrics.ClientRow;
import org.fednano.metrics.ClientRow.Outcome;
import org.fednano.metrics.EvaluationRow;
import org.fednano.metrics.RoundMetrics;
import org.fednano.metrics.RoundRow;

/** Metric files of a made-up run with plausible numbers, written by the tables' own writer. */
final class SyntheticRun {

    static final List<String> SKILLS =
            List.of("colour", "comparison", "counting", "odd one out", "pattern", "position", "shape", "size");
    private static final long ADAPTER_BYTES = 16_384;

    private final Path metrics;
    private final String runId;
    private final String strategy;
    private final int clients;
    private final int rounds;
    private final long seed;
    private final Random random;

    SyntheticRun(Path metrics, String runId, String strategy, int clients, int rounds, long seed) {
        this.metrics = metrics;
        this.runId = runId;
        this.strategy = strategy;
        this.clients = clients;
        this.rounds = rounds;
        this.seed = seed;
        this.random = new Random(seed);
    }

    static String client(int k) {
        return String.format(java.util.Locale.ROOT, "c%03d", k);
    }

    /** Rounds, clients and evaluations of the whole run. */
    void write() throws IOException {
        for (int round = 0; round <= rounds; round++) {
            write(round, new RoundMetrics(List.of(roundRow(round)), clientRows(round), evaluations(round), List.of()));
        }
    }

    void write(int round, RoundMetrics rows) throws IOException {
        for (RoundMetrics.File file : rows.files()) {
            Path folder =
                    metrics.resolve(file.table()).resolve("run_id=" + runId).resolve("round=" + round);
            Files.createDirectories(folder);
            Files.write(folder.resolve(file.name()), file.bytes());
        }
    }

    private int trainingRows(int k) {
        return 120 + 90 * (k % 7);
    }

    private RoundRow roundRow(int round) {
        boolean trained = round > 0;
        long samples = trained ? 4000 : 0;
        Double loss = trained ? 0.25 + 1.9 * Math.exp(-0.35 * round) : null;
        boolean fisher = !strategy.equals("fedavg");
        int lost = lost(round) ? 1 : 0;
        return new RoundRow(
                strategy,
                seed,
                Instant.parse("2026-01-01T00:00:00Z").plusSeconds(30L * round),
                trained ? 19 + 3 * random.nextDouble() : 0,
                trained ? clients : 0,
                trained ? clients - lost : 0,
                0,
                lost,
                0,
                0,
                loss,
                loss,
                trained ? 2.5 / round : 0,
                trained ? clients * ADAPTER_BYTES : 0,
                trained ? (clients - lost) * ADAPTER_BYTES : 0,
                trained && fisher ? (clients - lost) * ADAPTER_BYTES : 0,
                samples * 55 * 128 * 4,
                samples * 55 * 128 * 4,
                samples,
                samples * 0.004,
                "00".repeat(32),
                0,
                0);
    }

    private boolean lost(int round) {
        return clients > 2 && round == 4;
    }

    private List<ClientRow> clientRows(int round) {
        List<ClientRow> rows = new ArrayList<>();
        double weights = 0;
        double[] weight = new double[clients];
        for (int k = 0; k < clients; k++) {
            weight[k] = trainingRows(k) * (k == 1 ? 4 : 0.7 + 0.6 * random.nextDouble());
            weights += weight[k];
        }
        for (int k = 0; round > 0 && k < clients; k++) {
            if (lost(round) && k == 2) {
                rows.add(new ClientRow(
                        client(k),
                        Outcome.STRAGGLER,
                        "ran past its deadline of 30 min",
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
                        ADAPTER_BYTES,
                        0,
                        0,
                        1_000_000,
                        900_000,
                        0.0,
                        null,
                        null,
                        null,
                        null,
                        0,
                        0));
                continue;
            }
            double loss = (0.8 + 0.1 * (k % 5)) * (0.25 + 1.9 * Math.exp(-0.35 * round));
            long bytes = trainingRows(k) * 2L * 55 * 128 * 4;
            rows.add(new ClientRow(
                    client(k),
                    Outcome.MERGED,
                    "",
                    trainingRows(k),
                    loss,
                    loss,
                    trainingRows(k) / 8,
                    2L * trainingRows(k),
                    trainingRows(k) * 0.03,
                    trainingRows(k) * 0.012,
                    trainingRows(k) * 0.02,
                    weight[k] / weights,
                    3.0 / round,
                    1e-4,
                    ADAPTER_BYTES,
                    ADAPTER_BYTES,
                    strategy.equals("fedavg") ? 0 : ADAPTER_BYTES,
                    bytes,
                    bytes,
                    trainingRows(k) * 0.001,
                    k == 1 ? 4L : 0L,
                    null,
                    null,
                    0.4,
                    0,
                    0));
        }
        return rows;
    }

    private List<EvaluationRow> evaluations(int round) {
        List<EvaluationRow> rows = new ArrayList<>();
        for (int k = 0; k < clients; k++) {
            for (String split : List.of("test", "balanced")) {
                double top = (split.equals("test") ? 0.86 : 0.79) - 0.04 * (k % 5);
                double accuracy = round == 0 ? 0.33 : top - (top - 0.33) * Math.exp(-0.4 * round);
                double majority = split.equals("test") ? 0.41 : 0.27;
                int right = 0;
                int usual = 0;
                for (int s = 0; s < SKILLS.size(); s++) {
                    int correct = binomial(25, accuracy + 0.02 * (s - 4));
                    int baseline = binomial(25, majority);
                    right += correct;
                    usual += baseline;
                    rows.add(new EvaluationRow(client(k), split, SKILLS.get(s), "model", 25, correct, 0.2));
                    if (round == 0) {
                        rows.add(new EvaluationRow(client(k), split, SKILLS.get(s), "majority", 25, baseline, 0.0));
                    }
                }
                int all = 25 * SKILLS.size();
                rows.add(new EvaluationRow(client(k), split, EvaluationRow.ALL, "model", all, right, 1.6));
                if (round == 0) {
                    rows.add(new EvaluationRow(client(k), split, EvaluationRow.ALL, "majority", all, usual, 0.0));
                }
            }
        }
        return rows;
    }

    private int binomial(int n, double p) {
        int hits = 0;
        for (int i = 0; i < n; i++) {
            hits += random.nextDouble() < p ? 1 : 0;
        }
        return hits;
    }
}
