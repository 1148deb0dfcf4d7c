package org.fednano.algorithm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.fednano.algorithm.ClientOutcome.Done;
import org.fednano.algorithm.ClientReport.Fate;
import org.fednano.method.ClientRule;
import org.fednano.method.Methods;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.RunKeys;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** One client of ten lies: the merge stays what the other nine would make of it. */
class LiarTest {

    private static final int CLIENTS = 10;
    private static final String LIAR = "c06";
    private static final int D = ToyFederation.LAYOUT.size();

    /** A server's optimiser goes further than its clients by design; what it is given is their mean. */
    private static final Set<String> STEPS = Set.of("fedadagrad", "fedadam", "fedavgm", "fedyogi");

    /** Their factors are others than the clients'. */
    private static final Set<String> REFACTORED = Set.of("fedavg-bal", "fedprod", "fedprod-robust");

    enum Lie {
        FISHER,
        ROWS,
        UPDATE,
        SIGN
    }

    static List<String> methods() {
        return List.copyOf(Methods.all().keySet());
    }

    private static TrainingPlan plan(String method, double maxShare) {
        return new ToyFederation().plan(1, settings -> settings.with(RunKeys.STRATEGY, method)
                .with(RunKeys.QUORUM, 0.5)
                .with(MethodKeys.MAX_SHARE, maxShare));
    }

    private static List<String> cohort() {
        return IntStream.range(0, CLIENTS).mapToObj(k -> "c0" + k).toList();
    }

    private static float[] theta() {
        Random random = new Random(9);
        float[] theta = new float[D];
        for (int i = 0; i < D; i++) {
            theta[i] = (float) random.nextGaussian();
        }
        return theta;
    }

    /** Clients agree a little and differ more, as those with data of their own do. */
    private static ClientUpdate honest(TrainingPlan plan, String client) {
        Random random = new Random(client.hashCode());
        Random common = new Random(5);
        float[] theta = theta();
        for (int i = 0; i < D; i++) {
            theta[i] += (float) (0.003 * common.nextGaussian() + 0.01 * random.nextGaussian());
        }
        Map<String, float[]> uploads = new HashMap<>();
        for (ClientRule.Upload upload : plan.client().uploads()) {
            float[] values = new float[D];
            for (int i = 0; i < D; i++) {
                values[i] = (float) (1e-3 * Math.exp(random.nextGaussian()));
            }
            uploads.put(upload.name(), values);
        }
        return new ClientUpdate(client, theta, uploads, rows(client), ClientUpdate.Metrics.NONE);
    }

    private static int rows(String client) {
        return 20 + client.charAt(2) % 7;
    }

    private static ClientUpdate lying(ClientUpdate told, Lie lie) {
        float[] theta = told.theta().clone();
        float[] before = theta();
        Map<String, float[]> uploads = new HashMap<>(told.uploads());
        for (int i = 0; i < D; i++) {
            float delta = told.theta()[i] - before[i];
            theta[i] = switch (lie) {
                case UPDATE -> before[i] + 1e6f * delta;
                case SIGN -> before[i] - delta;
                default -> theta[i];
            };
        }
        if (lie == Lie.FISHER) {
            uploads.replaceAll((name, values) -> {
                float[] large = values.clone();
                for (int i = 0; i < D; i++) {
                    large[i] *= 1e12f;
                }
                return large;
            });
        }
        return new ClientUpdate(
                told.clientId(),
                theta,
                uploads,
                lie == Lie.ROWS ? Integer.MAX_VALUE : told.trainingRows(),
                told.metrics());
    }

    private static RoundResult merge(TrainingPlan plan, List<ClientUpdate> updates) {
        GlobalAdapter before = new GlobalAdapter(0, theta(), Map.of());
        try (DeterministicAggregator fold = new DeterministicAggregator(plan, before, cohort(), LiarTest::rows)) {
            updates.forEach(update -> fold.accept(new Done(update)));
            return fold.merge();
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void theMergeStaysInTheRangeOfTheHonest(String method) {
        TrainingPlan plan = plan(method, 1);
        List<ClientUpdate> honest = new ArrayList<>();
        cohort().stream().filter(c -> !c.equals(LIAR)).forEach(c -> honest.add(honest(plan, c)));
        RoundResult without = merge(plan, honest);
        for (Lie lie : Lie.values()) {
            List<ClientUpdate> all = new ArrayList<>(honest);
            all.add(lying(honest(plan, LIAR), lie));
            RoundResult with = merge(plan, all);
            boolean told = lie == Lie.SIGN
                    || lie == Lie.FISHER && plan.client().uploads().isEmpty();
            ClientReport report = with.clients().get(6);
            assertEquals(told ? Fate.MERGED : Fate.REJECTED, report.fate(), method + " " + lie + " " + report.detail());
            if (!told) {
                assertArrayEquals(without.global().theta(), with.global().theta(), method + " " + lie);
            }
            if (!STEPS.contains(method) && !REFACTORED.contains(method)) {
                requireInRange(honest, with.global().theta(), method + " " + lie);
            }
        }
    }

    private static void requireInRange(List<ClientUpdate> honest, float[] merged, String what) {
        for (int i = 0; i < D; i++) {
            float low = Float.MAX_VALUE;
            float high = -Float.MAX_VALUE;
            for (ClientUpdate update : honest) {
                low = Math.min(low, update.theta()[i]);
                high = Math.max(high, update.theta()[i]);
            }
            assertTrue(low <= merged[i] && merged[i] <= high, what + ": " + merged[i]);
        }
    }

    /** Below the bounds a client can make itself important; then its share is what it is allowed. */
    @ParameterizedTest
    @CsvSource({"fednano, 0.2", "fednano-ef, 0.3", "fednano, 0.01"})
    void nobodyHasMoreThanTheLargestShare(String method, double most) {
        TrainingPlan plan = plan(method, most);
        List<ClientUpdate> all = new ArrayList<>();
        for (String client : cohort()) {
            ClientUpdate update = honest(plan, client);
            if (client.equals(LIAR)) {
                update.uploads().replaceAll((name, values) -> {
                    for (int i = 0; i < D; i++) {
                        values[i] *= 1e5f;
                    }
                    return values;
                });
            }
            all.add(update);
        }
        RoundResult merged = merge(plan, all);
        double largest = merged.clients().stream()
                .mapToDouble(ClientReport::mergeShare)
                .max()
                .orElseThrow();
        assertEquals(Math.max(most, 1.0 / CLIENTS), largest, 1e-6);
        assertEquals(
                1,
                merged.clients().stream().mapToDouble(ClientReport::mergeShare).sum(),
                1e-9);
        assertTrue(merged.clients().get(6).detail().contains("merger.max_share"));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void whatBoundsNobodyChangesNoByte(String method) {
        List<ClientUpdate> all = new ArrayList<>();
        TrainingPlan plan = plan(method, 1);
        cohort().forEach(client -> all.add(honest(plan, client)));
        assertArrayEquals(
                merge(plan, all).global().theta(),
                merge(plan(method, 0.9), all).global().theta());
    }
}
