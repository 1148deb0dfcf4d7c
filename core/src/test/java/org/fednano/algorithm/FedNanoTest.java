package org.fednano.algorithm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.fednano.algorithm.ClientOutcome.Done;
import org.fednano.algorithm.ClientReport.Fate;
import org.fednano.method.FisherRule;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.MethodKeys;
import org.fednano.settings.RunKeys;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Federated training from end to end, on a toy whose frozen model is a fixed classifier. */
class FedNanoTest {

    private final ToyFederation toy = new ToyFederation();

    @ParameterizedTest
    @ValueSource(strings = {"fednano", "fednano-norm", "fednano-ef", "fedavg", "fedprox"})
    void everyStrategyLearns(String strategy) {
        TrainingPlan plan = toy.plan(8, s -> s.with(RunKeys.STRATEGY, strategy));
        List<RoundResult> rounds = new ArrayList<>();
        GlobalAdapter start = GlobalAdapter.initial(plan);

        GlobalAdapter end = FedNano.train(plan, start, toy.plain(), rounds::add);

        assertTrue(toy.accuracy(start.theta()) < 0.25, "zero-shot");
        assertTrue(toy.accuracy(end.theta()) > 0.9, "tuned: " + toy.accuracy(end.theta()));
        assertEquals(8, rounds.size());
        assertTrue(rounds.get(7).lastEpochLoss() < 0.5 * rounds.get(0).firstEpochLoss());
        boolean fisher = strategy.startsWith("fednano");
        for (RoundResult round : rounds) {
            assertEquals(toy.clients(), round.merged());
            assertEquals(
                    1,
                    round.clients().stream()
                            .mapToDouble(ClientReport::mergeShare)
                            .sum(),
                    1e-9);
            for (ClientReport c : round.clients()) {
                int n = toy.rows.get(c.clientId()).size();
                assertEquals(n, c.trainingRows());
                assertEquals(
                        strategy.equals("fednano") || strategy.equals("fednano-norm") ? 3L * n : 2L * n,
                        c.metrics().endpointSamples());
                assertEquals(2 * ((n + 7) / 8), c.metrics().steps());
                assertEquals(4L * ToyFederation.LAYOUT.size(), c.uplinkAdapterBytes());
                assertEquals(fisher ? c.uplinkAdapterBytes() : 0, c.uplinkFisherBytes());
                assertEquals(fisher, c.fisherMean() > 0);
                assertTrue(c.updateNorm() > 0);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"fednano", "fedavgm", "fedadam"})
    void resumedTrainingEndsWithTheSameBytes(String strategy) {
        TrainingPlan plan = toy.plan(5, s -> s.with(RunKeys.COHORT, 3).with(RunKeys.STRATEGY, strategy));
        List<GlobalAdapter> committed = new ArrayList<>();
        GlobalAdapter end =
                FedNano.train(plan, GlobalAdapter.initial(plan), toy.plain(), r -> committed.add(r.global()));
        for (GlobalAdapter from : committed) {
            assertArrayEquals(
                    end.theta(), FedNano.train(plan, from, toy.plain(), r -> {}).theta());
        }
    }

    @Test
    void oneMoreRoundThenNothingToDo() {
        TrainingPlan plan = toy.plan(5, UnaryOperator.identity());
        GlobalAdapter first = FedNano.train(plan.withRounds(1), GlobalAdapter.initial(plan), toy.plain(), r -> {});
        assertEquals(1, first.round());
        assertEquals(first, FedNano.train(plan.withRounds(1), first, toy.plain(), r -> {
            throw new AssertionError("no round was left to do");
        }));
    }

    @Test
    void theOrderOfArrivalChangesNoByte() {
        TrainingPlan plan = toy.plan(2, UnaryOperator.identity());
        GlobalAdapter start = GlobalAdapter.initial(plan);
        float[] expected = FedNano.train(plan, start, toy.plain(), r -> {}).theta();
        for (int seed = 0; seed < 6; seed++) {
            Random random = new Random(seed);
            ClientBackend shuffled = (round, cohort, outcomes) -> {
                List<String> order = new ArrayList<>(cohort);
                Collections.shuffle(order, random);
                // On a thread of its own, and each outcome twice, as a task that ran again would send it.
                Thread loop = new Thread(() -> toy.plain().update(round, order, outcome -> {
                    outcomes.accept(outcome);
                    outcomes.accept(outcome);
                }));
                loop.start();
                join(loop);
            };
            assertArrayEquals(
                    expected, FedNano.train(plan, start, shuffled, r -> {}).theta(), "order " + seed);
        }
    }

    @Test
    void aRepeatedClientRepeatsItselfBitForBit() {
        for (String strategy : List.of("fednano", "fednano-ef")) {
            TrainingPlan plan =
                    toy.plan(1, s -> s.with(RunKeys.STRATEGY, strategy).with(MethodKeys.FISHER_SAMPLES, 10));
            Round round = plan.roundAfter(GlobalAdapter.initial(plan));
            ClientUpdate first = FedNano.clientUpdate("c004", round, toy.data("c004"), toy.llm);
            ClientUpdate again = FedNano.clientUpdate("c004", round, toy.data("c004"), toy.llm);
            assertArrayEquals(first.theta(), again.theta());
            assertArrayEquals(
                    first.uploads().get(FisherRule.NAME), again.uploads().get(FisherRule.NAME));
            assertFalse(Arrays.equals(
                    first.theta(),
                    FedNano.clientUpdate("c004", other(round), toy.data("c004"), toy.llm)
                            .theta()));
        }
    }

    private static Round other(Round r) {
        return new Round(r.number() + 1, r.layout(), r.theta(), r.runSeed(), r.local(), r.rule());
    }

    @Test
    void gradientScaleChangesNoByte() {
        float[] plain = endOf(s -> s);
        assertArrayEquals(plain, endOf(s -> s.with(MethodKeys.GRAD_SCALE, 1024.0)));
    }

    private float[] endOf(UnaryOperator<Settings> change) {
        TrainingPlan plan = toy.plan(2, change);
        return FedNano.train(plan, GlobalAdapter.initial(plan), toy.plain(), r -> {})
                .theta();
    }

    @Test
    void lostClientsAreReportedAndTheQuorumDecides() {
        TrainingPlan plan = toy.plan(1, s -> s.with(RunKeys.QUORUM, 0.4));
        ClientBackend lossy = new PlainBackend(toy::data, client -> switch (client) {
            case "c001" -> (prompts, answers, scale) -> {
                throw new IllegalStateException("disk of c001 is gone");
            };
            case "c003" -> (prompts, answers, scale) -> {
                throw new RoundClosedException("30 min are over");
            };
            case "c004" -> (prompts, answers, scale) -> {
                throw new ArithmeticException("the answer was 'blue'");
            };
            default -> toy.llm;
        });
        List<RoundResult> rounds = new ArrayList<>();
        FedNano.train(plan, GlobalAdapter.initial(plan), lossy, rounds::add);
        RoundResult round = rounds.get(0);
        assertEquals(List.of("c002", "c005"), round.merged());
        assertEquals(Fate.FAILED, round.clients().get(0).fate());
        assertTrue(round.clients().get(0).detail().contains("disk of c001 is gone"));
        assertEquals(Fate.STRAGGLER, round.clients().get(2).fate());
        String hidden = round.clients().get(3).detail();
        assertTrue(hidden.contains("ArithmeticException") && !hidden.contains("blue"), hidden);
        assertEquals(2, round.count(Fate.FAILED));

        QuorumMissedException short1 = assertThrows(
                QuorumMissedException.class,
                () -> FedNano.train(
                        toy.plan(1, s -> s.with(RunKeys.QUORUM, 0.5)), GlobalAdapter.initial(plan), lossy, r -> {
                            throw new AssertionError("nothing may be committed");
                        }));
        assertEquals(ExitStatus.QUORUM, short1.status());
        assertTrue(short1.getMessage().contains("3 of its 5"), short1.getMessage());
        assertEquals(1, short1.round());
        assertEquals(
                List.of(Fate.FAILED, Fate.UNUSED, Fate.STRAGGLER, Fate.FAILED, Fate.UNUSED),
                short1.clients().stream().map(ClientReport::fate).toList());
        assertTrue(short1.clients().get(0).detail().contains("disk of c001 is gone"));

        QuorumMissedException clamped = assertThrows(
                QuorumMissedException.class,
                () -> FedNano.train(
                        toy.plan(1, s -> s.with(RunKeys.QUORUM, 0.4).with(MethodKeys.CLAMP, 1)),
                        GlobalAdapter.initial(plan),
                        lossy,
                        r -> {
                            throw new AssertionError("a clamp of two is none");
                        }));
        for (String part : List.of("3 of its 5 clients (2k + 1 with merger.clamp = 1)", "lower merger.clamp")) {
            assertTrue(clamped.getMessage().contains(part), clamped.getMessage());
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 3, 2, 5", "4, 2, 1, 4", "2, 1, 0, 2", "9, 3, 2, 5"})
    void aClampThatNoRoundCanHaveIsRefusedAtTheStart(int cohort, int k, int most, int clients) {
        JobException e = assertThrows(
                JobException.class,
                () -> toy.plan(1, s -> s.with(RunKeys.COHORT, cohort).with(MethodKeys.CLAMP, k)));
        assertEquals(ExitStatus.USAGE, e.status());
        assertTrue(
                e.getMessage()
                        .contains("'merger.clamp' must be at most " + most + " with " + clients
                                + " clients in a round: found '" + k + "'"),
                e.getMessage());
        assertEquals(
                most,
                toy.plan(1, s -> s.with(RunKeys.COHORT, cohort).with(MethodKeys.CLAMP, most))
                        .merging()
                        .clamp());
    }

    @Test
    void wrongUpdatesAreRejectedNeverMerged() {
        TrainingPlan plan = toy.plan(1, s -> s.with(MethodKeys.MAX_UPDATE_NORM, 100.0));
        ClientBackend wrong = (round, cohort, outcomes) -> toy.plain().update(round, cohort, outcome -> {
            ClientUpdate u = ((Done) outcome).update();
            outcomes.accept(
                    switch (u.clientId()) {
                        case "c001" -> new Done(changed(u, Float.NaN, fisher(u)[0]));
                        case "c002" -> new Done(changed(u, u.theta()[0], -1f));
                        case "c003" -> new Done(changed(u, 1000f, fisher(u)[0]));
                        case "c004" -> new Done(
                                new ClientUpdate("c004", new float[3], u.uploads(), u.trainingRows(), u.metrics()));
                        default -> outcome;
                    });
        });
        TrainingPlan patient = new TrainingPlan(
                plan.layout(),
                plan.local(),
                plan.client(),
                plan.server(),
                plan.merging(),
                plan.clients(),
                0,
                0,
                plan.seed(),
                1);
        List<RoundResult> rounds = new ArrayList<>();
        GlobalAdapter start = GlobalAdapter.initial(plan);
        float[] theta = FedNano.train(patient, start, wrong, rounds::add).theta();
        assertEquals(List.of("c005"), rounds.get(0).merged());
        assertEquals(4, rounds.get(0).count(Fate.REJECTED));
        List<String> details =
                rounds.get(0).clients().stream().map(ClientReport::detail).toList();
        assertTrue(details.get(0).contains("NaN") && details.get(1).contains("-1.0"), details.toString());
        assertTrue(details.get(2).contains("merger.max_update_norm")
                && details.get(3).contains("got 3"));
        assertArrayEquals(
                FedNano.clientUpdate("c005", plan.roundAfter(start), toy.data("c005"), toy.llm)
                        .theta(),
                theta);
    }

    private static ClientUpdate changed(ClientUpdate u, float theta0, float fisher0) {
        float[] theta = u.theta().clone();
        float[] fisher = fisher(u).clone();
        theta[0] = theta0;
        fisher[0] = fisher0;
        return new ClientUpdate(u.clientId(), theta, Map.of(FisherRule.NAME, fisher), u.trainingRows(), u.metrics());
    }

    private static float[] fisher(ClientUpdate u) {
        return u.uploads().get(FisherRule.NAME);
    }

    @Test
    void anEndpointThatIsGoneEndsTheRunWithItsOwnStatus() {
        TrainingPlan plan = toy.plan(1, UnaryOperator.identity());
        ClientBackend gone = new PlainBackend(toy::data, client -> (prompts, answers, scale) -> {
            if (client.equals("c002")) {
                throw new JobException(ExitStatus.ENDPOINT_UNAVAILABLE, "nobody answers at localhost:1");
            }
            return toy.llm.lossGradient(prompts, answers, scale);
        });
        JobException e =
                assertThrows(JobException.class, () -> FedNano.train(plan, GlobalAdapter.initial(plan), gone, r -> {}));
        assertEquals(ExitStatus.ENDPOINT_UNAVAILABLE, e.status());
    }

    @Test
    void clientsThatNeverAnswerAreMissing() {
        TrainingPlan plan = toy.plan(1, UnaryOperator.identity());
        ClientBackend partial = (round, cohort, outcomes) -> toy.plain().update(round, cohort.subList(1, 4), outcomes);
        List<RoundResult> rounds = new ArrayList<>();
        FedNano.train(plan, GlobalAdapter.initial(plan), partial, rounds::add);
        assertEquals(2, rounds.get(0).count(Fate.MISSING));
        assertEquals(List.of("c002", "c003", "c004"), rounds.get(0).merged());
        assertEquals(0, rounds.get(0).clients().get(0).mergeShare());
    }

    @Test
    void aClientWithoutRowsFailsAlone() {
        TrainingPlan plan = toy.plan(1, UnaryOperator.identity());
        toy.rows.put("c003", List.of());
        List<RoundResult> rounds = new ArrayList<>();
        FedNano.train(plan, GlobalAdapter.initial(plan), toy.plain(), rounds::add);
        assertTrue(rounds.get(0).clients().get(2).detail().contains("needs training rows"));
    }

    @Test
    void cohortsAreDrawnPerRoundWithoutReplacementAndSorted() {
        TrainingPlan plan = toy.plan(1, s -> s.with(RunKeys.COHORT, 3));
        List<List<String>> cohorts = new ArrayList<>();
        for (int t = 1; t <= 50; t++) {
            List<String> cohort = Cohort.draw(plan, t);
            assertEquals(cohort, Cohort.draw(plan, t));
            assertEquals(3, cohort.stream().distinct().count());
            assertEquals(cohort.stream().sorted().toList(), cohort);
            cohorts.add(cohort);
        }
        assertTrue(cohorts.stream().distinct().count() >= 8, "of 10 possible cohorts");
        assertEquals(toy.clients(), Cohort.draw(toy.plan(1, UnaryOperator.identity()), 1));
    }

    @Test
    void quorumsAreCountedInDecimal() {
        assertEquals(55, RoundAggregation.needed(0.55, 100)); // 0.55 * 100 is 55.000000000000007 in binary
        assertEquals(3, RoundAggregation.needed(0.6, 5));
        assertEquals(4, RoundAggregation.needed(0.61, 5));
        assertEquals(1, RoundAggregation.needed(0, 5));
        assertEquals(5, RoundAggregation.needed(1, 5));
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
