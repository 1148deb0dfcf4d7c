package org.fednano.merger;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.fednano.merger.Merger.Merged;
import org.junit.jupiter.api.Test;

/** Whatever k liars send, what they are merged to lies between values of the honest. */
class ClampTest {

    private record Client(float[] theta, float[] fisher, int rows) {}

    /** At least 2k + 1 clients, of whom k lie. */
    record Cohort(int k, float[] theta, List<Client> honest, List<Client> liars) {

        /** All of them, in some order. */
        List<Client> all(Random random) {
            List<Client> all = new ArrayList<>(honest);
            all.addAll(liars);
            Collections.shuffle(all, random);
            return all;
        }
    }

    @Provide
    Arbitrary<Cohort> cohorts() {
        Arbitrary<Integer> ks = Arbitraries.integers().between(1, 3);
        Arbitrary<Integer> more = Arbitraries.integers().between(1, 5);
        Arbitrary<Integer> sizes = Arbitraries.integers().between(1, 6);
        return Combinators.combine(ks, more, sizes, Arbitraries.randoms()).as(ClampTest::cohort);
    }

    private static Cohort cohort(int k, int more, int size, Random random) {
        float[] theta = vector(size, random, 1);
        List<Client> honest = new ArrayList<>();
        for (int c = 0; c < k + more; c++) {
            float[] own = vector(size, random, 0.1);
            for (int i = 0; i < size; i++) {
                own[i] = random.nextInt(6) == 0 ? theta[i] : own[i] + theta[i];
            }
            honest.add(new Client(own, fisher(size, random, 1), 1 + random.nextInt(500)));
        }
        List<Client> liars = new ArrayList<>();
        for (int c = 0; c < k; c++) {
            float[] lie = vector(size, random, 1);
            for (int i = 0; i < size; i++) {
                float told = honest.get(c).theta()[i];
                lie[i] = switch (random.nextInt(6)) {
                    case 0 -> Float.MAX_VALUE;
                    case 1 -> -Float.MAX_VALUE;
                    case 2 -> 2 * theta[i] - told;
                    case 3 -> told + 1e6f * (told - theta[i]);
                    case 4 -> Float.MIN_VALUE;
                    default -> lie[i];
                };
            }
            float[] fisher = fisher(size, random, random.nextBoolean() ? 1e5f : Float.MAX_VALUE);
            liars.add(new Client(lie, fisher, random.nextBoolean() ? Integer.MAX_VALUE : 1));
        }
        return new Cohort(k, theta, honest, liars);
    }

    private static float[] vector(int size, Random random, double scale) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (scale * random.nextGaussian() * Math.pow(10, random.nextInt(5) - 2));
        }
        return values;
    }

    private static float[] fisher(int size, Random random, float largest) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = random.nextInt(5) == 0 ? 0 : (float) (largest * Math.pow(10, -9 * random.nextDouble()));
        }
        return values;
    }

    private static List<Merger> means(float[] theta) {
        return List.of(
                new WeightedMean(theta),
                new FisherMerger(theta, "fisher", 1e-3, false),
                new FisherMerger(theta, "fisher", 0, false),
                new FisherMerger(theta, "fisher", 1e-3, true));
    }

    private static Merging merging(Merging.Weights weights, int k) {
        return new Merging(weights, Double.MAX_VALUE, Double.MAX_VALUE, Double.MAX_VALUE, -1, 1, k);
    }

    private static Merged merge(Merger merger, Merging merging, float[] theta, List<Client> clients) {
        Merger around = merging.around(merger, theta, clients.size(), true);
        for (Client c : clients) {
            around.add(c.theta(), Map.of("fisher", c.fisher()), merging.weight(c.rows()));
        }
        return around.merge();
    }

    private static float low(Cohort cohort, int i) {
        return (float)
                cohort.honest().stream().mapToDouble(c -> c.theta()[i]).min().orElseThrow();
    }

    private static float high(Cohort cohort, int i) {
        return (float)
                cohort.honest().stream().mapToDouble(c -> c.theta()[i]).max().orElseThrow();
    }

    @Property
    void meansStayWithinTheHonest(@ForAll("cohorts") Cohort cohort, @ForAll Random random) {
        for (Merging.Weights weights : Merging.Weights.values()) {
            for (Merger mean : means(cohort.theta())) {
                float[] merged = merge(mean, merging(weights, cohort.k()), cohort.theta(), cohort.all(random))
                        .theta();
                for (int i = 0; i < merged.length; i++) {
                    assertTrue(low(cohort, i) <= merged[i] && merged[i] <= high(cohort, i), weights + " " + merged[i]);
                }
            }
        }
    }

    @Property
    void soDoesTheChangeThatAServersOptimiserIsGiven(@ForAll("cohorts") Cohort cohort, @ForAll Random random) {
        float[] theta = cohort.theta();
        for (Merging.Weights weights : Merging.Weights.values()) {
            double[] given = new double[theta.length];
            ServerStep step = new ServerStep(theta, Map.of(), List.of(), (i, delta, kept) -> {
                given[i] = delta;
                return 0;
            });
            merge(step, merging(weights, cohort.k()), theta, cohort.all(random));
            for (int i = 0; i < given.length; i++) {
                assertTrue((double) low(cohort, i) - theta[i] <= given[i], weights + " " + given[i]);
                assertTrue(given[i] <= (double) high(cohort, i) - theta[i], weights + " " + given[i]);
            }
        }
    }

    /** Unlike a trimmed mean: what lies within stays as it is, bit for bit. */
    @Property
    void whatIsNotHeldIsTheMergeWithoutIt(@ForAll("cohorts") Cohort cohort, @ForAll Random random) {
        List<Client> all = cohort.all(random);
        for (int rule = 0; rule < means(cohort.theta()).size(); rule++) {
            Merging free = merging(Merging.Weights.SAMPLES, 0);
            Merging held = merging(Merging.Weights.SAMPLES, cohort.k());
            float[] without = merge(means(cohort.theta()).get(rule), free, cohort.theta(), all)
                    .theta();
            Merged with = merge(means(cohort.theta()).get(rule), held, cohort.theta(), all);
            int changed = 0;
            for (int i = 0; i < without.length; i++) {
                float[] sent = sent(all, i);
                float low = sent[cohort.k()];
                float high = sent[sent.length - 1 - cohort.k()];
                assertEquals(Math.max(low, Math.min(high, without[i])), with.theta()[i]);
                changed += with.theta()[i] == without[i] ? 0 : 1;
            }
            assertEquals(changed, with.held());
        }
    }

    private static float[] sent(List<Client> clients, int i) {
        float[] sent = new float[clients.size()];
        for (int c = 0; c < sent.length; c++) {
            sent[c] = clients.get(c).theta()[i];
        }
        Arrays.sort(sent);
        return sent;
    }

    @Property
    void orderNeverMatters(@ForAll("cohorts") Cohort cohort, @ForAll Random random) {
        int d = cohort.theta().length;
        Clamp one = new Clamp(cohort.k(), d);
        Clamp other = new Clamp(cohort.k(), d);
        cohort.all(random).forEach(c -> one.add(c.theta()));
        cohort.all(random).forEach(c -> other.add(c.theta()));
        for (float value : new float[] {-Float.MAX_VALUE, Float.MAX_VALUE}) {
            float[] values = new float[d];
            Arrays.fill(values, value);
            assertArrayEquals(one.hold(values), other.hold(values));
        }
    }

    private static Merged clamped(Merger merger, int k, float[]... clients) {
        Merger around =
                merging(Merging.Weights.UNIFORM, k).around(merger, new float[clients[0].length], clients.length, true);
        for (float[] client : clients) {
            around.add(client, Map.of(), 1);
        }
        return around.merge();
    }

    /** Unless settings say otherwise one of ten may lie, of a strategy that can be held. */
    @Test
    void tenClientsAreHeldByThemselves() {
        float[] theta = new float[1];
        for (int clients : new int[] {9, 10, 1000}) {
            assertEquals(
                    clients >= 10 ? 1 : 0, merging(Merging.Weights.UNIFORM, -1).liars(clients));
            assertEquals(0, merging(Merging.Weights.UNIFORM, 0).liars(clients));
            assertEquals(2, merging(Merging.Weights.UNIFORM, 2).liars(clients));
        }
        Merging own = merging(Merging.Weights.UNIFORM, -1);
        assertInstanceOf(Clamped.class, own.around(new WeightedMean(theta), theta, 10, true));
        assertInstanceOf(WeightedMean.class, own.around(new WeightedMean(theta), theta, 10, false));
        assertInstanceOf(WeightedMean.class, own.around(new WeightedMean(theta), theta, 9, true));
    }

    /** Large adapters are taken in some clients at a time, by pieces. */
    @Test
    void manyCoordinatesAreHeldAsFewAre() {
        int d = 70_001;
        Random random = new Random(4);
        List<float[]> clients =
                Stream.generate(() -> values(d, random)).limit(9).toList();
        Clamp many = new Clamp(2, d);
        clients.forEach(many::add);
        many.letGo();
        for (float bound : new float[] {-Float.MAX_VALUE, Float.MAX_VALUE}) {
            float[] ends = new float[d];
            Arrays.fill(ends, bound);
            float[] held = many.hold(ends);
            for (int i = 0; i < d; i++) {
                int at = i;
                double[] sorted =
                        clients.stream().mapToDouble(c -> c[at]).sorted().toArray();
                assertEquals((float) sorted[bound < 0 ? 2 : 6], held[i]);
            }
        }
    }

    private static float[] values(int d, Random random) {
        float[] values = new float[d];
        for (int i = 0; i < d; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Means 201.2, 2 and −9.4 of five; one left out at each end leaves 1 to 3, 1 to 3, and 0 to 1. */
    @Test
    void aClosedForm() {
        float[][] clients = {{0, 0, 0}, {1, 1, 1}, {2, 2, 1}, {3, 3, 1}, {1000, 4, -50}};
        Merged one = clamped(new WeightedMean(new float[3]), 1, clients);
        assertArrayEquals(new float[] {3, 2, 0}, one.theta());
        assertEquals(2, one.held());
        Merged median = clamped(new WeightedMean(new float[3]), 2, clients);
        assertArrayEquals(new float[] {2, 2, 1}, median.theta());
        assertEquals(2, median.held());
        Merged off = clamped(new WeightedMean(new float[3]), 0, clients);
        assertArrayEquals(new float[] {201.2f, 2, -9.4f}, off.theta());
        assertEquals(0, off.held());
        Merged step =
                clamped(new ServerStep(new float[3], Map.of(), List.of(), (i, delta, kept) -> 10 * delta), 1, clients);
        assertArrayEquals(new float[] {30, 20, 0}, step.theta());
        assertEquals(2, step.held());
    }

    @Test
    void ofTooFewNothingIsMerged() {
        Exception e = assertThrows(
                IllegalStateException.class,
                () -> clamped(new WeightedMean(new float[1]), 2, new float[1], new float[1], new float[1]));
        assertTrue(e.getMessage().contains("5 clients: got 3"), e.getMessage());
    }
}
