package org.fednano.algorithm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.fednano.adapter.AdapterLayout;
import org.fednano.algorithm.ClientOutcome.Done;
import org.fednano.algorithm.ClientReport.Fate;
import org.fednano.method.ClientRule;
import org.fednano.method.Methods;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** One client of ten lies: the merge stays what the other nine would make of it. */
class LiarTest {

    private static final int CLIENTS = 10;
    private static final String LIAR = "c06";
    private static final int D = ToyFederation.LAYOUT.size();

    /** A server's optimiser goes further than its clients by design: its range is what it makes of each of them alone. */
    private static final Set<String> STEPS = Set.of("fedadam", "fedavgm");

    /** Their factors are others than the clients': what is held to the clients' range is the product. */
    private static final Set<String> REFACTORED = Set.of("fedavg-bal", "fedprod", "fedprod-robust");

    /** Of the width of the honest clients' range: products lose what the cut at rank R leaves out, and factors' means their covariance. */
    private static final double BEYOND = 0.1;

    /** How much clients agree, beside 0.01 of their own: hardly, as over data of other kinds, or so that one against them shows. */
    private static final double LITTLE = 0.003;

    private static final double MUCH = 0.01;

    enum Lie {
        FISHER,
        ROWS,
        UPDATE,
        SIGN
    }

    static List<String> methods() {
        return List.copyOf(Methods.all().keySet());
    }

    static List<String> clampable() {
        return methods().stream()
                .filter(method -> plan(method, 1).server().clampable())
                .toList();
    }

    /** As settings are by default. */
    private static TrainingPlan clamped(String method) {
        return plan(method, settings -> settings);
    }

    /** Without a clamp. */
    private static TrainingPlan plan(String method, double maxShare) {
        return plan(method, settings -> settings.with(MethodKeys.MAX_SHARE, maxShare)
                .with(MethodKeys.CLAMP, 0));
    }

    private static TrainingPlan plan(String method, UnaryOperator<Settings> change) {
        return new ToyFederation()
                .plan(
                        1,
                        settings -> change.apply(
                                settings.with(RunKeys.STRATEGY, method).with(RunKeys.QUORUM, 0.0)));
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

    private static ClientUpdate honest(TrainingPlan plan, String client) {
        return honest(plan, client, LITTLE);
    }

    private static List<ClientUpdate> honest(TrainingPlan plan, double agreement) {
        return cohort().stream().map(c -> honest(plan, c, agreement)).toList();
    }

    private static ClientUpdate honest(TrainingPlan plan, String client, double agreement) {
        Random random = new Random(client.hashCode());
        Random common = new Random(5);
        float[] theta = theta();
        for (int i = 0; i < D; i++) {
            theta[i] += (float) (agreement * common.nextGaussian() + 0.01 * random.nextGaussian());
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
            uploads.replaceAll((name, values) -> scaled(values, 1e12f));
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
        theMergeStaysInTheRangeOfTheHonest(method, plan(method, 1));
        if (clampable().contains(method)) {
            theMergeStaysInTheRangeOfTheHonest(method, clamped(method));
        }
    }

    private static void theMergeStaysInTheRangeOfTheHonest(String method, TrainingPlan plan) {
        for (double agreement : new double[] {LITTLE, MUCH}) {
            List<ClientUpdate> honest = new ArrayList<>(honest(plan, agreement));
            ClientUpdate told = honest.remove(cohort().indexOf(LIAR));
            RoundResult without = merge(plan, honest);
            for (Lie lie : Lie.values()) {
                List<ClientUpdate> all = new ArrayList<>(honest);
                all.add(lying(told, lie));
                RoundResult with = merge(plan, all);
                boolean merged = lie == Lie.SIGN && agreement == LITTLE
                        || lie == Lie.FISHER && plan.client().uploads().isEmpty();
                String what = method + " " + lie + " " + agreement;
                assertEquals(merged ? CLIENTS : CLIENTS - 1, with.merged().size(), what);
                assertEquals(
                        merged ? Fate.MERGED : Fate.REJECTED,
                        with.clients().get(6).fate(),
                        what);
                if (!merged) {
                    assertArrayEquals(without.global().theta(), with.global().theta(), what);
                }
                requireInRange(method, honest, with.global().theta(), what);
            }
        }
    }

    @Test
    void mostStrategiesCanBeClamped() {
        assertEquals(
                List.of("fedadam", "fedavg", "fedavgm", "fednano", "fednano-ef", "fednano-norm", "fedprox"),
                clampable());
    }

    /** Also where nobody can tell it from a client who disagrees, and whatever it says that it is worth below the other bounds. */
    @ParameterizedTest
    @MethodSource("clampable")
    void aClampHoldsALiarThatIsMerged(String method) {
        for (double agreement : new double[] {0, LITTLE}) {
            for (float length : new float[] {1, 500}) {
                for (float inflated : new float[] {1, 1e5f}) {
                    List<ClientUpdate> honest = new ArrayList<>(honest(plan(method, 1), agreement));
                    ClientUpdate told = honest.remove(cohort().indexOf(LIAR));
                    List<ClientUpdate> all = new ArrayList<>(honest);
                    all.add(flipped(told, length, inflated));
                    RoundResult with = merge(clamped(method), all);
                    String what = method + " " + agreement + " " + length + " " + inflated;
                    assertEquals(CLIENTS, with.merged().size(), what);
                    requireInRange(method, honest, with.global().theta(), what);
                    if (length > 1 || inflated > 1 && method.matches("fednano|fednano-ef")) {
                        float[] without = merge(plan(method, 1), all).global().theta();
                        assertTrue(with.clampedValues() > 0.1 * D, what);
                        assertThrows(AssertionError.class, () -> requireInRange(method, honest, without, what), what);
                    }
                }
            }
        }
    }

    private static ClientUpdate flipped(ClientUpdate told, float length, float inflated) {
        float[] theta = theta();
        for (int i = 0; i < D; i++) {
            theta[i] -= length * (told.theta()[i] - theta[i]);
        }
        Map<String, float[]> uploads = new HashMap<>(told.uploads());
        uploads.replaceAll((name, values) -> scaled(values, inflated));
        return new ClientUpdate(told.clientId(), theta, uploads, told.trainingRows(), told.metrics());
    }

    private static float[] scaled(float[] values, float by) {
        float[] scaled = values.clone();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] *= by;
        }
        return scaled;
    }

    private static void requireInRange(String method, List<ClientUpdate> honest, float[] merged, String what) {
        if (STEPS.contains(method)) {
            TrainingPlan plan = plan(method, 1);
            requireInRange(
                    honest.stream().map(u -> merge(plan, List.of(u)).global().theta()), merged, 0, what);
        } else if (REFACTORED.contains(method)) {
            requireInRange(honest.stream().map(u -> products(u.theta())), products(merged), BEYOND, what);
        } else {
            requireInRange(honest.stream().map(ClientUpdate::theta), merged, 0, what);
        }
    }

    private static void requireInRange(Stream<float[]> honest, float[] merged, double beyond, String what) {
        List<float[]> all = honest.toList();
        for (int i = 0; i < merged.length; i++) {
            float low = Float.MAX_VALUE;
            float high = -Float.MAX_VALUE;
            for (float[] values : all) {
                low = Math.min(low, values[i]);
                high = Math.max(high, values[i]);
            }
            double slack = beyond * (high - low);
            assertTrue(
                    low - slack <= merged[i] && merged[i] <= high + slack,
                    what + ": " + (merged[i] - low) / (high - low));
        }
    }

    /** W_down W_up of each modality, (H, H). */
    private static float[] products(float[] theta) {
        AdapterLayout layout = ToyFederation.LAYOUT;
        int hidden = layout.hidden();
        float[] products = new float[layout.modalities().size() * hidden * hidden];
        for (int i = 0; i < products.length; i++) {
            int m = i / (hidden * hidden);
            int row = i / hidden % hidden;
            double sum = 0;
            for (int r = 0; r < layout.rank(); r++) {
                sum += (double) theta[layout.downOffset(m) + row * layout.rank() + r]
                        * theta[layout.upOffset(m) + r * hidden + i % hidden];
            }
            products[i] = (float) sum;
        }
        return products;
    }

    /** Its length counts for nothing when it is asked who disagrees with whom. */
    @Test
    void aLargeLieAgainstAllIsTheOneThatIsRejected() {
        TrainingPlan plan = plan("fedavg", 1);
        List<ClientUpdate> all = new ArrayList<>(honest(plan, MUCH));
        ClientUpdate told = all.remove(6);
        float[] theta = theta();
        for (int i = 0; i < D; i++) {
            theta[i] -= 500 * (told.theta()[i] - theta[i]);
        }
        all.add(new ClientUpdate(LIAR, theta, Map.of(), told.trainingRows(), told.metrics()));
        RoundResult merged = merge(plan, all);
        assertEquals(CLIENTS - 1, merged.merged().size());
        ClientReport liar = merged.clients().get(6);
        assertEquals(Fate.REJECTED, liar.fate());
        assertTrue(liar.detail().contains("merger.min_cosine") && liar.updateCosine() < -0.5, liar.detail());
    }

    /** Who are more than a quarter are a minority, not liars; of fewer than five nobody is. */
    @ParameterizedTest
    @CsvSource({"10, 2, 8", "10, 3, 10", "5, 1, 4", "5, 2, 5", "4, 1, 4"})
    void aMinorityIsNotSilenced(int clients, int against, int merged) {
        TrainingPlan plan = plan("fedavg", 1);
        List<ClientUpdate> all = new ArrayList<>(honest(plan, 5 * MUCH).subList(0, clients));
        all.subList(0, against).replaceAll(update -> lying(update, Lie.SIGN));
        assertEquals(merged, merge(plan, all).merged().size());
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
                update.uploads().replaceAll((name, values) -> scaled(values, 1e5f));
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
        RoundResult bounded = merge(plan, all);
        RoundResult free = merge(
                plan(method, settings -> settings.with(MethodKeys.MIN_COSINE, -1.0)
                        .with(MethodKeys.CLAMP, 0)),
                all);
        assertArrayEquals(
                bounded.global().theta(), merge(plan(method, 0.9), all).global().theta());
        assertArrayEquals(bounded.global().theta(), free.global().theta());
        assertTrue(bounded.clients().stream().allMatch(c -> c.updateCosine() > 0));
        assertTrue(free.clients().stream().allMatch(c -> Double.isNaN(c.updateCosine())));
        assertEquals(0, bounded.clampedValues());
        if (clampable().contains(method)) {
            RoundResult clamped = merge(clamped(method), all);
            int changed = 0;
            for (int i = 0; i < D; i++) {
                changed += clamped.global().theta()[i] == bounded.global().theta()[i] ? 0 : 1;
            }
            assertEquals(changed, clamped.clampedValues(), "what it holds, and nothing else");
            assertTrue(changed < 0.25 * D, method + ": " + changed);
        }
    }
}
