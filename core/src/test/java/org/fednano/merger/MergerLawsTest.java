package org.fednano.merger;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.fednano.merger.Merger.Merged;

/** The algebra that every merge must keep, whatever the clients send. */
class MergerLawsTest {

    private static final double FLOOR = 1e-3;

    /** One client's part of a merge. */
    public record Client(float[] theta, float[] fisher, int rows) {}

    /** A merge's input; Fisher values lie between 1e-9 and 10, some are 0. */
    record Cohort(float[] theta, List<Client> clients) {}

    @Provide
    Arbitrary<Cohort> cohorts() {
        Arbitrary<Integer> sizes = Arbitraries.integers().between(1, 6);
        Arbitrary<Integer> counts = Arbitraries.integers().between(1, 6);
        return Combinators.combine(sizes, counts, Arbitraries.randoms()).as(MergerLawsTest::cohort);
    }

    private static Cohort cohort(int size, int count, Random random) {
        List<Client> clients = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            float[] fisher = new float[size];
            for (int i = 0; i < size; i++) {
                fisher[i] = random.nextInt(5) == 0 ? 0 : (float) Math.pow(10, random.nextDouble() * 10 - 9);
            }
            clients.add(new Client(vector(size, random), fisher, 1 + random.nextInt(500)));
        }
        return new Cohort(vector(size, random), clients);
    }

    private static float[] vector(int size, Random random) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(5) - 2));
        }
        return values;
    }

    /** The mean-like mergers, which share all these laws. */
    private enum Rule {
        MEAN,
        FISHER,
        NORMALISED_FISHER;

        Merger start(float[] theta, double floor) {
            return this == MEAN
                    ? new WeightedMean(theta)
                    : new FisherMerger(theta, "fisher", floor, this == NORMALISED_FISHER);
        }
    }

    private static Merged merge(Rule rule, Cohort cohort) {
        return merge(
                rule.start(cohort.theta(), FLOOR),
                new Merging(Merging.Weights.SAMPLES, 1e6, 1e6, 1e6, -1, 1, 0),
                cohort);
    }

    private static Merged merge(Merger merger, Merging merging, Cohort cohort) {
        for (Client c : cohort.clients()) {
            merger.add(c.theta(), Map.of("fisher", c.fisher()), merging.weight(c.rows()));
        }
        assertEquals(cohort.clients().size(), merger.clients());
        return merger.merge();
    }

    @Property
    void equalFisherAndSampleWeightsGiveFedAvg(@ForAll("cohorts") Cohort cohort) {
        float[] fisher = cohort.clients().get(0).fisher();
        Cohort equal = new Cohort(
                cohort.theta(),
                cohort.clients().stream()
                        .map(c -> new Client(c.theta(), fisher, c.rows()))
                        .toList());
        for (Rule rule : Rule.values()) {
            assertClose(merge(Rule.MEAN, equal).theta(), merge(rule, equal).theta(), equal);
        }
    }

    @Property
    void equalClientsAreAFixedPoint(@ForAll("cohorts") Cohort cohort) {
        Client one = cohort.clients().get(0);
        Cohort equal = new Cohort(
                cohort.theta(),
                cohort.clients().stream()
                        .map(c -> new Client(one.theta(), c.fisher(), c.rows()))
                        .toList());
        for (Rule rule : Rule.values()) {
            assertArrayEquals(one.theta(), merge(rule, equal).theta());
        }
    }

    @Property
    void oneClientGetsItsOwnAdapterBack(@ForAll("cohorts") Cohort cohort) {
        Client one = cohort.clients().get(0);
        for (Rule rule : Rule.values()) {
            Merged merged = merge(rule, new Cohort(cohort.theta(), List.of(one)));
            assertArrayEquals(one.theta(), merged.theta());
            assertArrayEquals(new double[] {1}, merged.shares());
        }
    }

    @Property
    void everyCoordinateLiesWithinTheClientsRange(@ForAll("cohorts") Cohort cohort) {
        for (Rule rule : Rule.values()) {
            float[] merged = merge(rule, cohort).theta();
            for (int i = 0; i < merged.length; i++) {
                int at = i;
                DoubleStream sent = cohort.clients().stream().mapToDouble(c -> c.theta()[at]);
                var range = sent.summaryStatistics();
                assertTrue(range.getMin() <= merged[i] && merged[i] <= range.getMax());
            }
        }
    }

    @Property
    void theScaleOfAllFishersChangesNothing(@ForAll("cohorts") Cohort cohort) {
        for (double scale : new double[] {1e12, 1e-12}) {
            Cohort scaled = new Cohort(
                    cohort.theta(),
                    cohort.clients().stream()
                            .map(c -> new Client(c.theta(), scaled(c.fisher(), scale), c.rows()))
                            .toList());
            for (Rule rule : Rule.values()) {
                Merged plain = merge(rule, cohort);
                Merged other = merge(rule, scaled);
                assertClose(plain.theta(), other.theta(), cohort);
                assertArrayEquals(plain.shares(), other.shares(), 1e-6);
            }
        }
    }

    @Property
    void theScaleOfOneClientsFisherChangesNothingOnceNormalised(@ForAll("cohorts") Cohort cohort) {
        List<Client> clients = new ArrayList<>(cohort.clients());
        Client first = clients.get(0);
        clients.set(0, new Client(first.theta(), scaled(first.fisher(), 1e6), first.rows()));
        assertClose(
                merge(Rule.NORMALISED_FISHER, cohort).theta(),
                merge(Rule.NORMALISED_FISHER, new Cohort(cohort.theta(), clients))
                        .theta(),
                cohort);
    }

    @Property
    void orderNeverMatters(@ForAll("cohorts") Cohort cohort, @ForAll Random random) {
        List<Integer> order = new ArrayList<>();
        for (int k = 0; k < cohort.clients().size(); k++) {
            order.add(k);
        }
        Collections.shuffle(order, random);
        Cohort shuffled = new Cohort(
                cohort.theta(), order.stream().map(cohort.clients()::get).toList());
        for (Rule rule : Rule.values()) {
            Merged plain = merge(rule, cohort);
            Merged other = merge(rule, shuffled);
            assertClose(plain.theta(), other.theta(), cohort);
            for (int k = 0; k < order.size(); k++) {
                assertEquals(plain.shares()[order.get(k)], other.shares()[k], 1e-12);
            }
        }
    }

    @Property
    void noFisherAtAllIsTheWeightedMean(@ForAll("cohorts") Cohort cohort) {
        Cohort zero = new Cohort(
                cohort.theta(),
                cohort.clients().stream()
                        .map(c -> new Client(c.theta(), new float[c.fisher().length], c.rows()))
                        .toList());
        Merged mean = merge(Rule.MEAN, zero);
        for (Rule rule : List.of(Rule.FISHER, Rule.NORMALISED_FISHER)) {
            assertArrayEquals(mean.theta(), merge(rule, zero).theta());
            assertArrayEquals(mean.shares(), merge(rule, zero).shares(), 1e-15);
        }
    }

    @Property
    void coordinatesWithoutWeightAreMeansAlsoWithoutFloor(@ForAll("cohorts") Cohort cohort) {
        Cohort blind = new Cohort(
                cohort.theta(),
                cohort.clients().stream()
                        .map(c -> {
                            float[] fisher = c.fisher().clone();
                            fisher[0] = 0;
                            return new Client(c.theta(), fisher, c.rows());
                        })
                        .toList());
        float mean = merge(Rule.MEAN, blind).theta()[0];
        float merged = merge(
                        Rule.FISHER.start(blind.theta(), 0),
                        new Merging(Merging.Weights.SAMPLES, 1e6, 1e6, 1e6, -1, 1, 0),
                        blind)
                .theta()[0];
        assertEquals(mean, merged);
    }

    @Property
    void foldedSumsAreTheFormula(@ForAll("cohorts") Cohort cohort) {
        int d = cohort.theta().length;
        int clients = cohort.clients().size();
        double[] fisher = new double[d]; // sum of w_k F_k
        double weights = 0;
        for (Client c : cohort.clients()) {
            weights += c.rows();
            for (int i = 0; i < d; i++) {
                fisher[i] += (double) c.rows() * c.fisher()[i];
            }
        }
        double m = Arrays.stream(fisher).sum() / d / weights;
        double[] change = new double[d];
        double[] shares = new double[clients];
        double[] a = new double[d];
        for (int k = 0; k < clients; k++) {
            Client c = cohort.clients().get(k);
            for (int i = 0; i < d; i++) {
                double aki = c.rows() * (m == 0 ? 1 : c.fisher()[i] + FLOOR * m);
                a[i] += aki;
                change[i] += aki * ((double) c.theta()[i] - cohort.theta()[i]);
                shares[k] += aki;
            }
        }
        float[] expected = new float[d];
        for (int i = 0; i < d; i++) {
            expected[i] = (float) (cohort.theta()[i] + change[i] / a[i]);
        }
        double all = Arrays.stream(shares).sum();
        Merged merged = merge(Rule.FISHER, cohort);
        assertClose(expected, merged.theta(), cohort);
        assertEquals(1, Arrays.stream(merged.shares()).sum(), 1e-12);
        for (int k = 0; k < clients; k++) {
            assertEquals(shares[k] / all, merged.shares()[k], 1e-9);
        }
    }

    @Property
    void uniformWeightsForgetTheRows(@ForAll("cohorts") Cohort cohort) {
        Cohort same = new Cohort(
                cohort.theta(),
                cohort.clients().stream()
                        .map(c -> new Client(c.theta(), c.fisher(), 7))
                        .toList());
        assertClose(
                merge(Rule.MEAN, same).theta(),
                merge(
                                new WeightedMean(cohort.theta()),
                                new Merging(Merging.Weights.UNIFORM, 1e6, 1e6, 1e6, -1, 1, 0),
                                cohort)
                        .theta(),
                cohort);
    }

    private static float[] scaled(float[] values, double by) {
        float[] scaled = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            scaled[i] = (float) (values[i] * by);
        }
        return scaled;
    }

    // To float32's rounding, relative to the largest value that went in.
    /** Many are shared among the cores; each is what it is alone. */
    @Example
    void aCoordinateIsMergedTheSameAmongManyAndAmongFew() {
        Random random = new Random(3);
        int d = 200_001;
        List<float[]> vectors = new ArrayList<>();
        for (int k = 0; k < 7; k++) { // θ, then θ_k and F_k of three clients
            float[] vector = new float[d];
            for (int i = 0; i < d; i++) {
                vector[i] = random.nextFloat();
            }
            vectors.add(vector);
        }
        float[] mean = merged(new WeightedMean(vectors.get(0)), vectors);
        float[] byFisher = merged(new FisherMerger(vectors.get(0), "fisher", 0, false), vectors);
        for (int from = 0; from < d; from += 50_000) {
            int to = Math.min(d, from + 50_000);
            int begin = from;
            List<float[]> few = vectors.stream()
                    .map(vector -> Arrays.copyOfRange(vector, begin, to))
                    .toList();
            assertArrayEquals(Arrays.copyOfRange(mean, from, to), merged(new WeightedMean(few.get(0)), few));
            assertArrayEquals(
                    Arrays.copyOfRange(byFisher, from, to),
                    merged(new FisherMerger(few.get(0), "fisher", 0, false), few));
        }
    }

    @Property(tries = 30)
    void whatAMergerLetGoMayBeFilledAnew(@ForAll Random random) {
        int d = random.nextBoolean() ? 100_003 : 17; // folded together, and one by one
        Cohort cohort = cohort(d, 1 + random.nextInt(5), random);
        for (Supplier<Merger> start : List.<Supplier<Merger>>of(
                () -> new WeightedMean(cohort.theta()),
                () -> new FisherMerger(cohort.theta(), "fisher", FLOOR, false),
                () -> new FisherMerger(cohort.theta(), "fisher", FLOOR, true),
                () -> new ServerStep(cohort.theta(), Map.of(), List.of(), (i, delta, kept) -> delta),
                () -> new Clamped(1, d, new WeightedMean(cohort.theta())),
                () -> new Reweighed(cohort.theta(), ClientWeights.AGREEMENT, new WeightedMean(cohort.theta())))) {
            if (start.get() instanceof Clamped && cohort.clients().size() < Clamp.fewest(1)) {
                continue;
            }
            Merger kept = start.get();
            Merger reusing = start.get();
            for (Client client : cohort.clients()) {
                kept.add(client.theta(), Map.of("fisher", client.fisher()), client.rows());
                float[] theta = client.theta().clone();
                float[] fisher = client.fisher().clone();
                reusing.add(theta, Map.of("fisher", fisher), client.rows());
                if (random.nextBoolean() && reusing.letGo()) {
                    Arrays.fill(theta, Float.NaN);
                    Arrays.fill(fisher, Float.NaN);
                }
            }
            Merged expected = kept.merge();
            Merged found = reusing.merge();
            assertArrayEquals(expected.theta(), found.theta());
            assertArrayEquals(expected.shares(), found.shares());
        }
    }

    private static float[] merged(Merger merger, List<float[]> vectors) {
        for (int k = 1; k < vectors.size(); k += 2) {
            merger.add(vectors.get(k), Map.of("fisher", vectors.get(k + 1)), k);
        }
        return merger.merge().theta();
    }

    private static void assertClose(float[] expected, float[] actual, Cohort cohort) {
        double size = 0;
        for (float v : cohort.theta()) {
            size = Math.max(size, Math.abs(v));
        }
        for (Client c : cohort.clients()) {
            for (float v : c.theta()) {
                size = Math.max(size, Math.abs(v));
            }
        }
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], 1e-6 * size, "coordinate " + i);
        }
    }
}
